/** Imports the test files that are named, so that all of them run in this one process: a process each would cost half a second a file. */
import { pathToFileURL } from 'node:url'

for (const file of process.argv.slice(2)) await import(pathToFileURL(file).href)
