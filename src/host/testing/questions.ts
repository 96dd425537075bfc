/** Questions of tests: what they read is what they name. */
import { one, question, type Question, questionAbout } from '../question.ts'
import type { Answer } from '../status.ts'

const path = one('path', /\/.*/)

/** Rests on one file. */
export function cat(file: string): Question<Answer> {
  return fileText({ path: file })
}

const fileText = questionAbout({
  words: ['cat', path],
  reads: ({ path: file }) => [`file:${file}`],
  parse: (answer) => answer,
})

/** Rests on all that is below a directory. */
export function find(directory: string): Question<Answer> {
  return filesBelow({ path: directory })
}

const filesBelow = questionAbout({
  words: ['find', path],
  reads: ({ path: directory }) => [`file:${directory}*`],
  parse: (answer) => answer,
})

/** Rests on nothing that a task changes. */
export const nothing = question({ words: ['nproc'], reads: [], parse: ({ code }) => code })
