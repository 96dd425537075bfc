/** Cases of modules for files, all in one folder, for any machine. */
import { authorizedKey } from '../../src/modules/authorized-key/module.ts'
import { blockinfile } from '../../src/modules/blockinfile/module.ts'
import { command } from '../../src/modules/command/module.ts'
import { copy } from '../../src/modules/copy/module.ts'
import { file } from '../../src/modules/file/module.ts'
import { find } from '../../src/modules/find/module.ts'
import { iniFile } from '../../src/modules/ini-file/module.ts'
import { jsonFile } from '../../src/modules/json-file/module.ts'
import { lineinfile } from '../../src/modules/lineinfile/module.ts'
import { replace } from '../../src/modules/replace/module.ts'
import { script } from '../../src/modules/script/module.ts'
import { shell } from '../../src/modules/shell/module.ts'
import { slurp } from '../../src/modules/slurp/module.ts'
import { stat } from '../../src/modules/stat/module.ts'
import { template } from '../../src/modules/template/module.ts'
import { unarchive } from '../../src/modules/unarchive/module.ts'
import { waitFor } from '../../src/modules/wait-for/module.ts'
import type { ConformanceCase } from './conformance.ts'
import { fetchCase } from './fetch-case.ts'
import { gitCases } from './git-cases.ts'

/** `folder` exists and is empty; its path has no characters that a shell interprets. */
export function fileCases(folder: string): readonly ConformanceCase[] {
  const at = (name: string): string => `${folder}/${name}`
  return [
    {
      module: file,
      says: 'a directory with its parents',
      args: { path: at('a/b'), state: 'directory', mode: '0750' },
    },
    {
      module: file,
      says: 'attributes of a directory',
      setup: `mkdir ${at('attr')}`,
      args: { path: at('attr'), state: 'directory', mode: '1777', owner: 'nobody', group: '0' },
    },
    {
      module: jsonFile,
      says: 'keys beside others',
      setup: `echo '{"a": {"b": 1}}' >${at('keys.json')}`,
      args: { path: at('keys.json'), values: { a: { c: [true] }, d: 'x' } },
    },
    { module: jsonFile, says: 'a new file', args: { path: at('new.json'), values: { a: 1 } } },
    { module: file, says: 'an empty file', args: { path: at('touched'), state: 'touch', mode: '0600' } },
    { module: file, says: 'a link', args: { path: at('link'), state: 'link', src: 'nowhere' } },
    {
      module: file,
      says: 'a link in place of another link',
      setup: `ln -s x ${at('link2')}`,
      args: { path: at('link2'), state: 'link', src: '/etc/hostname' },
    },
    {
      module: file,
      says: 'a link in place of a file',
      setup: `echo x >${at('link3')}`,
      args: { path: at('link3'), state: 'link', src: '/etc/hostname', force: true },
    },
    {
      module: file,
      says: 'the removal of a file',
      setup: `echo x >${at('gone')}`,
      args: { path: at('gone'), state: 'absent' },
    },
    {
      module: file,
      says: 'the removal of a directory with files',
      setup: `mkdir -p ${at('tree/deep')}; echo x >${at('tree/deep/file')}`,
      args: { path: at('tree'), state: 'absent' },
    },
    {
      module: file,
      says: 'the removal of a dangling link',
      setup: `ln -s nowhere ${at('dangling')}`,
      args: { path: at('dangling'), state: 'absent' },
    },
    {
      module: file,
      says: 'the removal of a missing file',
      args: { path: at('never'), state: 'absent' },
      dry: 'ok',
    },
    {
      module: copy,
      says: 'a new file',
      args: { dest: at('new'), content: 'text\n', mode: '0640', group: 'nogroup' },
    },
    {
      module: copy,
      says: 'another text with unchanged attributes',
      setup: `echo old >${at('kept')}; chmod 0600 ${at('kept')}`,
      args: { dest: at('kept'), content: 'new\n' },
    },
    {
      module: copy,
      says: 'only attributes',
      setup: `printf same >${at('same')}`,
      args: { dest: at('same'), content: 'same', mode: '0400' },
    },
    {
      module: copy,
      says: 'a backup',
      setup: `echo old >${at('backed')}`,
      args: { dest: at('backed'), content: 'new\n', backup: true },
    },
    {
      module: copy,
      says: 'a validator that accepts the file',
      args: { dest: at('valid'), content: 'exit 0\n', validate: 'sh -n %s' },
    },
    {
      module: copy,
      says: 'a file behind a link',
      setup: `echo old >${at('target')}; ln -s target ${at('through')}`,
      args: { dest: at('through'), content: 'new\n' },
      besides: [/\/target$/],
    },
    {
      module: copy,
      says: 'a file in a new directory',
      args: { dest: at('made/'), src: import.meta.filename },
    },
    {
      module: copy,
      says: 'an existing file that keeps its content',
      setup: `echo own >${at('kept')} && chmod 644 ${at('kept')}`,
      args: { dest: at('kept'), content: 'ours', force: false, mode: '0600' },
    },
    {
      module: copy,
      says: 'special characters',
      args: { dest: at("it's a \\ $(file)\t;"), content: 'a\0b\'"\\$`\n\n' },
    },
    {
      module: template,
      says: 'rendered text',
      args: { dest: at('rendered'), src: 'x.hbs', content: 'gpu 0\n' },
    },
    {
      module: lineinfile,
      says: 'a replaced line',
      setup: `printf '#Port 22\\nUse yes' >${at('sshd')}`,
      args: { path: at('sshd'), regexp: '^#?Port', line: 'Port 2222' },
    },
    {
      module: lineinfile,
      says: 'a line with parts of the old one',
      setup: `printf 'a 1\\na=2\\n' >${at('backrefs')}`,
      args: { path: at('backrefs'), regexp: '^a (\\d)$', line: 'a=\\1', backrefs: true, firstmatch: true },
    },
    {
      module: lineinfile,
      says: 'a new file',
      args: { path: at('lines'), line: 'one', create: true, mode: '0600' },
    },
    {
      module: lineinfile,
      says: 'removed lines',
      setup: `printf 'a\\nb\\na\\n' >${at('ab')}`,
      args: { path: at('ab'), state: 'absent', regexp: '^a$' },
    },
    {
      module: blockinfile,
      says: 'a new block before a line',
      setup: `printf 'a\\nb' >${at('block')}`,
      args: { path: at('block'), block: 'one\ntwo\n', insertbefore: '^b' },
    },
    {
      module: blockinfile,
      says: 'another block in the same place, with a backup',
      args: { path: at('block'), block: 'three', backup: true, mode: '0640' },
    },
    { module: blockinfile, says: 'no block', args: { path: at('block'), state: 'absent' } },
    {
      module: replace,
      says: 'a replaced pattern',
      setup: `printf 'a=1\\nb=1\\n' >${at('replaced')}`,
      args: { path: at('replaced'), regexp: '^(\\w)=1$', replace: '\\1=2', validate: 'grep -q a=2 %s' },
    },
    {
      module: iniFile,
      says: 'a new file',
      args: { path: at('x.ini'), section: 'a b', option: 'c', value: 'd', mode: '0600' },
    },
    {
      module: iniFile,
      says: 'another value',
      args: { path: at('x.ini'), section: 'a b', option: 'c', value: 3, no_extra_spaces: true },
    },
    {
      module: iniFile,
      says: 'a removed section',
      args: { path: at('x.ini'), section: 'a b', state: 'absent' },
    },
    {
      module: authorizedKey,
      says: 'a key in a new directory',
      args: { user: 'root', key: 'ssh-ed25519 AAAA x', path: at('keys/root'), comment: 'y' },
    },
    {
      module: lineinfile,
      says: 'a line beside one that is not UTF-8',
      setup: `printf 'caf\\351\\na\\n' >${at('latin1')}`,
      args: { path: at('latin1'), line: 'b' },
      dry: 'refused',
      problem: 'not-utf8',
    },
    {
      module: lineinfile,
      says: 'a line that is there, beside one that is not UTF-8',
      setup: `printf 'caf\\351\\na\\n' >${at('latin1-ok')}`,
      args: { path: at('latin1-ok'), line: 'a' },
      dry: 'ok',
    },
    {
      module: lineinfile,
      says: 'the removal of a line that is not UTF-8',
      setup: `printf 'caf\\351\\na\\n' >${at('latin1-gone')}`,
      args: { path: at('latin1-gone'), state: 'absent', regexp: '^caf' },
    },
    {
      module: jsonFile,
      says: 'keys beside a value that is not UTF-8',
      setup: `printf '{"a": "caf\\351"}' >${at('latin1.json')}`,
      args: { path: at('latin1.json'), values: { b: 1 } },
      dry: 'refused',
      problem: 'not-utf8',
    },
    {
      module: copy,
      says: 'another text in place of one that is not UTF-8',
      setup: `printf 'caf\\351\\n' >${at('latin1-copied')}`,
      args: { dest: at('latin1-copied'), content: 'café\n' },
    },
    {
      module: command,
      says: 'a command with creates',
      args: { argv: ['touch', at('created')], creates: at('created') },
    },
    {
      module: command,
      says: 'a command with removes',
      setup: `echo x >${at('old')}`,
      args: { cmd: `rm ${at('old')}`, removes: at('old') },
    },
    { module: command, says: 'a command with reads', args: { cmd: 'uname -r', reads: true }, dry: 'ok' },
    { module: shell, says: 'any command', args: { cmd: `echo x >${at('any')}` }, dry: 'unknown' },
    {
      module: unarchive,
      says: 'an archive beside another file',
      setup: `cd ${folder}; mkdir -p pack/a unpacked; echo x >pack/a/f; ln -s f pack/a/l; tar --force-local -czf p:1.tgz pack; echo y >unpacked/o`,
      args: { src: at('p:1.tgz'), dest: at('unpacked'), strip_components: 1 },
    },
    {
      module: unarchive,
      says: 'an entry that was changed',
      setup: `echo changed >${at('unpacked/a/f')}; chown nobody ${at('unpacked/a')}`,
      args: { src: at('p:1.tgz'), dest: at('unpacked'), strip_components: 1 },
    },
    { module: slurp, says: 'a file', args: { path: '/etc/hostname' }, dry: 'ok' },
    {
      module: slurp,
      says: 'bytes that are not UTF-8',
      setup: `printf 'caf\\351\\n' >${at('bytes')}`,
      args: { path: at('bytes') },
      dry: 'ok',
    },
    {
      module: find,
      says: 'files of a size and an age',
      args: {
        paths: folder,
        patterns: '*',
        recurse: true,
        hidden: true,
        size: '-1k',
        age: '-1d',
        age_stamp: 'ctime',
        get_checksum: true,
      },
      dry: 'ok',
    },
    { module: stat, says: 'a file', args: { path: '/etc/hostname' }, dry: 'ok' },
    { module: waitFor, says: 'an existing file', args: { path: '/etc/hostname' }, dry: 'ok' },
    {
      module: file,
      says: 'attributes of everything below a directory',
      setup: `mkdir -p ${at('tree/sub')} && touch ${at('tree/sub/f')} && chmod 0700 ${at('tree/sub/f')} && ln -s /etc/hostname ${at('tree/l')}`,
      args: {
        path: at('tree'),
        state: 'directory',
        recurse: true,
        mode: 'u=rwX,go=rX',
        owner: 'nobody',
        group: '0',
      },
    },
    {
      module: copy,
      says: 'a file of the host',
      setup: `seq 20000 >${at('large')}`,
      args: { src: at('large'), dest: at('copied'), remote_src: true, mode: 'u=rw,go=' },
    },
    {
      module: find,
      says: 'files with a line',
      args: { paths: folder, contains: '^1999[0-9]$' },
      dry: 'ok',
    },
    fetchCase(folder),
    {
      module: script,
      says: 'with creates, and its arguments',
      setup: `printf '#!/bin/bash\\nset -euo pipefail\\ntouch -- "$1"\\n' >${at('made.sh')}`,
      args: { src: at('made.sh'), args: [at('made by it')], creates: at('made by it') },
    },
    ...gitCases(at),
  ]
}
