/** The helpers that only templates have, as docs/reference.md describes them. A test renders every example. */
import type { Described } from './expression-functions.ts'

/** The variables of the examples. */
export const exampleVariables = {
  text: 'Text',
  padded: ' x ',
  number: 1,
  letters: ['a', 'b'],
  empty: [],
  table: { key: 'value' },
  name: 'key',
  path: '/a b/c.txt',
  hosts: [{ name: 'x' }, { name: 'y' }],
  disks: [
    { name: 'sda', size: 2 },
    { name: 'sdb', size: 1 },
  ],
  nested: [1, [2, [3]]],
  settings: { a: { b: 1 }, c: 1 },
  overrides: { a: { d: 2 } },
} as const

export const helpersDescribed: Readonly<Record<string, Described>> = {
  default: {
    meaning: 'The value, or another one if it does not exist or is null',
    example: '{{default nothing "x"}}',
    gives: 'x',
  },
  defined: {
    meaning: 'Whether a variable or a key exists',
    example: '{{#if (defined nothing)}}a{{else}}b{{/if}}',
    gives: 'b',
  },
  eq: {
    meaning: 'Whether two values are equal',
    example: '{{#if (eq text "Text")}}same{{/if}}',
    gives: 'same',
  },
  ne: { meaning: 'Whether two values differ', example: '{{#if (ne text "x")}}other{{/if}}', gives: 'other' },
  and: {
    meaning:
      'Whether all values are true. An empty list, an empty text, 0 and null are false here, as for #if',
    example: '{{#if (and letters number)}}both{{/if}}',
    gives: 'both',
  },
  or: {
    meaning: 'Whether at least one value is true',
    example: '{{#if (or empty number)}}one{{/if}}',
    gives: 'one',
  },
  not: { meaning: 'The opposite', example: '{{#if (not empty)}}empty{{/if}}', gives: 'empty' },
  includes: {
    meaning: 'Whether a list contains a value',
    example: '{{#if (includes letters "a")}}in{{/if}}',
    gives: 'in',
  },
  lookup: {
    meaning: 'The value of a map by a key, or of a list by an index, that is itself a variable',
    example: '{{lookup table name}}',
    gives: 'value',
  },
  add: {
    meaning: 'The sum of two numbers; @index counts from 0',
    example: '{{#each letters}}{{add @index 1}}{{/each}}',
    gives: '12',
  },
  length: {
    meaning: 'Characters of a text, entries of a list or map',
    example: '{{length letters}}',
    gives: '2',
  },
}
