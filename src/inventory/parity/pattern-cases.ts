/** What patterns select. */
import { ini, type ParityCase } from './cases.ts'

const hosts = 'lonely\n[web]\nweb1\nweb2\nweb3\n[db]\ndb1\ndb2\nweb3\n[all2:children]\ndb\nweb\n'
export const patternCases: readonly ParityCase[] = [
  ini('patterns', hosts, {
    patterns: [
      'all',
      '*',
      'web',
      'web:db',
      'web,db1',
      'web:&db',
      'web:!db',
      'all:!web',
      '!web',
      'web*',
      '?b1',
      '~(web|db)1',
      'db[0]',
      'db[1]',
      'db[-1]',
      'all[0]',
      'all[1]',
      'all[1:3]',
      'web[0:1]',
      'web[1:]',
      'all:!db[0]',
      'all2[0]',
      'all2[3]',
      'db[0]:web[0]',
      'web*[1]',
      'ungrouped',
      'web:db:&web:!web1',
      'nope',
      'web:!nope',
    ],
  }),
  ini('ranges with a dash', 'a\n[web]\nweb1\nweb2\nweb3\n', {
    patterns: ['web[0-1]'],
    differs: 'patterns: dash',
    ours: { 'web[0-1]': [] },
  }),
  ini('ranges without a start', '[web]\nweb1\nweb2\nweb3\n', {
    patterns: ['web[:1]'],
    differs: 'patterns: no start',
    ours: { 'web[:1]': ['web1', 'web2'] },
  }),
  ini('letters of names', 'gpu01\ngpu02\ngpu03\n', {
    patterns: ['gpu0[1-2]'],
    differs: 'patterns: dash',
    ours: { 'gpu0[1-2]': ['gpu01', 'gpu02'] },
  }),
]
