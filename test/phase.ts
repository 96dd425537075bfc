/**
 * Imports the given test files, so that they run in this process: a process for each would cost half a second
 * a file.
 */
import { pathToFileURL } from 'node:url'

for (const file of process.argv.slice(2)) await import(pathToFileURL(file).href)
