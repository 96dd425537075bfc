/** Every module that a task can name, in one list: nothing registers itself. */
import { apt } from './apt/module.ts'
import { aptRepository } from './apt-repository/module.ts'
import { assert } from './assert/module.ts'
import { command } from './command/module.ts'
import { copy } from './copy/module.ts'
import { debug } from './debug/module.ts'
import { fail } from './fail/module.ts'
import { file } from './file/module.ts'
import { getUrl } from './get-url/module.ts'
import { kernelModule } from './kernel-module/module.ts'
import { lineinfile } from './lineinfile/module.ts'
import { type Module } from './module.ts'
import { reboot } from './reboot/module.ts'
import { service } from './service/module.ts'
import { setFact } from './set-fact/module.ts'
import { shell } from './shell/module.ts'
import { stat } from './stat/module.ts'
import { template } from './template/module.ts'
import { waitFor } from './wait-for/module.ts'

export const modules: readonly Module[] = [
  apt,
  aptRepository,
  assert,
  command,
  copy,
  debug,
  fail,
  file,
  getUrl,
  kernelModule,
  lineinfile,
  reboot,
  service,
  setFact,
  shell,
  stat,
  template,
  waitFor,
]
