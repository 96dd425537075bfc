/**
 * Targets of the fuzzer: all parsers of answers from hosts. A target throws if an answer causes anything but
 * a permitted error.
 */
import assert from 'node:assert/strict'
import { parseSources } from '../../../src/apt/source-files.ts'
import { HostError, UnreachableError } from '../../../src/base/errors.ts'
import { UnknownError } from '../../../src/base/unknown.ts'
import { MarkScanner } from '../../../src/connection/marks.ts'
import { lastSaid } from '../../../src/connection/said.ts'
import { splitSections } from '../../../src/host/batch-frame.ts'
import { diagnose, lastLines } from '../../../src/host/diagnose.ts'
import { outputsOf } from '../../../src/host/executors/frame-output.ts'
import { facts } from '../../../src/host/facts.ts'
import { packageStates } from '../../../src/host/questions/packages.ts'
import { assertAnswers, assertFinite, pieces, subjects } from '../../../src/host/testing/answers.ts'
import { Choices, garbageHost } from '../../../src/modules/testing/garbage-host.ts'
import { askAndPlan, tried } from '../../../src/modules/testing/hostile.ts'
import { parseCdiSpec } from '../../../src/nvidia/cdi.ts'
import { nvccRelease } from '../../../src/nvidia/cuda.ts'
import { dkmsState, installedVersion } from '../../../src/nvidia/installer.ts'
import { installedDriverPackages } from '../../../src/nvidia/driver-packages.ts'
import { parseCharacterMajors, parseDriverVersion, parseGpuInformation } from '../../../src/nvidia/proc.ts'
import { sha256FromFile } from '../../../src/nvidia/runfile.ts'
import { parseSmi } from '../../../src/nvidia/smi.ts'
import { parseContainerConfig, rewriteContainerConfig } from '../../../src/proxmox/container-config.ts'
import { deviceEntries } from '../../../src/proxmox/device-entries.ts'
import { startedGuests } from '../../../src/proxmox/guests.ts'
import { mappedId, mountPoints } from '../../../src/proxmox/running-container.ts'
import { jsonText } from '../../../src/view/json-text.ts'
import { plainText } from '../../../src/view/text.ts'

export interface Target {
  /** Typical parts of its input. */
  readonly words: readonly string[]
  run(bytes: Buffer): void | Promise<void>
}

const nonce = 'abcdef0123456789abcdef0123456789'
const version = '580.95.05'

export const targets: Readonly<Record<string, Target>> = {
  queries: {
    words: [...pieces, '\u00ff'],
    run(bytes) {
      const [name, parts] = [
        Object.keys(subjects)[(bytes[0] ?? 0) % Object.keys(subjects).length],
        split(bytes.subarray(3)),
      ]
      const subject = subjects[name ?? '']
      assert.ok(subject)
      const count = 1 + ((bytes[1] ?? 0) % subject.counts.length)
      const said = {
        stdout: parts[0],
        stderr: parts[1],
        code: (bytes[2] ?? 0) % 5 === 4 ? 127 : (bytes[2] ?? 0) % 5,
      }
      orSentence(() => assertAnswers(subject.answers(said, count), count))
    },
  },
  marks: {
    words: [
      `\0${nonce} `,
      `\0${nonce} B 1 2 3\n`,
      'E 1 0\n',
      'C 1\n',
      'V 1 . x\n',
      '\n',
      '99999999999999999999',
      nonce.slice(0, 16),
    ],
    run(bytes) {
      let data = 0
      const scanner = new MarkScanner(nonce, { data: (part) => (data += part.length), mark: assertFinite })
      const size = 1 + ((bytes[0] ?? 0) % 64)
      for (let at = 0; at < bytes.length; at += size) scanner.push(bytes.subarray(at, at + size))
      assert.ok(data <= bytes.length)
    },
  },
  frames: {
    words: [`${nonce} `, `\n${nonce} 0\n`, `${nonce} 1\n`, '\n', '0', '999', 'NaN', '-1'],
    run(bytes) {
      const [stdout, stderr] = split(bytes)
      for (const { code } of splitSections(stdout, stderr, nonce))
        assert.ok(Number.isInteger(code) && code < 1000)
      const output = outputsOf({ stdout, stderr }, nonce)
      for (const step of [0, 1, 2, Number.NaN]) assert.ok(output(step).stdout.length <= bytes.length)
    },
  },
  domain: {
    words: [
      '\n',
      ':',
      '=',
      ',',
      'Kernel Module  580.95.05',
      'GPU UUID: ',
      'Device Minor: ',
      '[pve:pending]',
      'dev0: /dev/nvidia0',
      'lxc.idmap: u 0 1 2',
      'delete: ',
      '%41',
      'GPU-',
      'installed',
    ],
    run(bytes) {
      const text = bytes.toString('utf8')
      const config = parseContainerConfig(text)
      const once = rewriteContainerConfig(config)
      assert.equal(rewriteContainerConfig(parseContainerConfig(once)), once)
      deviceEntries(config)
      for (const code of [0, 4, 255]) parseSmi({ code, stdout: text, stderr: text })
      parseDriverVersion(text)
      assertFinite(parseGpuInformation('0000:01:00.0', text))
      for (const [, major] of parseCharacterMajors(text)) assertFinite(major)
      mountPoints(text)
      assertFinite(mappedId(text, 0))
      dkmsState(text, { name: 'nvidia', version: version }, '6.8.12-9-pve')
      installedVersion(text)
      installedDriverPackages(packageStates({ patterns: [] }).parse({ code: 0, stdout: text, stderr: '' }))
      sha256FromFile(text, 'x.run')
      nvccRelease(text)
      parseCdiSpec(text)
      startedGuests(text, 'pve1')
      for (const format of ['list', 'deb822'] as const) parseSources(text, format)
    },
  },
  words: {
    words: [
      '\u001b[',
      '\u001b]0;',
      '\u0007',
      '\u009b',
      '\u202e',
      '\r',
      'E: Could not get lock',
      'No space left on device',
      'Failed to fetch http://x 404 ',
    ],
    run(bytes) {
      const text = bytes.toString('utf8')
      diagnose(text)
      lastSaid(text)
      lastLines(text)
      // oxlint-disable-next-line no-control-regex -- the test searches for these characters
      const acting = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/
      assert.doesNotMatch(plainText(text), acting)
      assert.deepEqual(JSON.parse(jsonText({ text })), { text })
    },
  },
  modules: {
    words: [],
    async run(bytes) {
      const one = tried[(bytes[0] ?? 0) % tried.length]
      assert.ok(one)
      await askAndPlan(one.module, one.args, bytes.subarray(1))
    },
  },
  facts: {
    words: [],
    async run(bytes) {
      const fact = facts[(bytes[0] ?? 0) % facts.length]
      try {
        assertFinite(await fact?.read(garbageHost(new Choices(bytes.subarray(1)))))
      } catch (error) {
        rethrowUnlessSentence(error)
      }
    },
  },
}

/** Two streams, separated by the first byte 255, which never occurs in UTF-8. */
function split(bytes: Buffer): readonly [Buffer, Buffer] {
  const at = bytes.indexOf(0xff)
  return at === -1 ? [bytes, Buffer.alloc(0)] : [bytes.subarray(0, at), bytes.subarray(at + 1)]
}

function orSentence(run: () => void): void {
  try {
    run()
  } catch (error) {
    rethrowUnlessSentence(error)
  }
}

function rethrowUnlessSentence(error: unknown): void {
  if (error instanceof HostError || error instanceof UnreachableError || error instanceof UnknownError) return
  throw error
}
