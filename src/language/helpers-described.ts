/** The template helpers, as docs/reference.md describes them. A test renders every example. */
import type { Described } from './functions.ts'

/** The variables of the examples. */
export const exampleVariables = {
  text: 'Text',
  padded: ' x ',
  number: 1,
  list: ['a', 'b'],
  empty: [],
  table: { key: 'value' },
  name: 'key',
  path: '/a b/c.txt',
  hosts: [{ name: 'x' }, { name: 'y' }],
} as const

export const helpersDescribed: Readonly<Record<string, Described>> = {
  json: {
    meaning: 'The value as JSON; with a number, indented by that many spaces',
    example: '{{json list}}',
    gives: '["a","b"]',
  },
  yaml: { meaning: 'The value as YAML', example: '{{yaml table}}', gives: 'key: value' },
  join: {
    meaning: 'A list as one text; the separator is ", " if none is given',
    example: '{{join list "-"}}',
    gives: 'a-b',
  },
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
    example: '{{#if (and list number)}}both{{/if}}',
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
    example: '{{#if (includes list "a")}}in{{/if}}',
    gives: 'in',
  },
  lookup: {
    meaning: 'The value of a map by a key, or of a list by an index, that is itself a variable',
    example: '{{lookup table name}}',
    gives: 'value',
  },
  quote: { meaning: 'A text as one word for a shell', example: '{{quote path}}', gives: "'/a b/c.txt'" },
  indent: {
    meaning: 'A text with every line but the first indented',
    example: '{{indent (yaml hosts) 2}}',
    gives: '- name: x\n  - name: y',
  },
  lower: { meaning: 'A text in lower case', example: '{{lower text}}', gives: 'text' },
  upper: { meaning: 'A text in upper case', example: '{{upper text}}', gives: 'TEXT' },
  trim: { meaning: 'A text without spaces at its ends', example: '{{trim padded}}', gives: 'x' },
  replace: {
    meaning: 'A text with every occurrence of another text replaced',
    example: '{{replace text "T" "N"}}',
    gives: 'Next',
  },
  basename: { meaning: 'The last part of a path', example: '{{basename path}}', gives: 'c.txt' },
  dirname: { meaning: 'A path without its last part', example: '{{dirname path}}', gives: '/a b' },
  add: {
    meaning: 'The sum of two numbers; @index counts from 0',
    example: '{{#each list}}{{add @index 1}}{{/each}}',
    gives: '12',
  },
  length: {
    meaning: 'Characters of a text, entries of a list or map',
    example: '{{length list}}',
    gives: '2',
  },
}
