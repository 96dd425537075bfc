/** Messages that a script sends separately from its output, and helpers that a shell receives once. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { raw, sh, type ShellText } from '../base/shell.ts'
import type { RunOptions, Shell } from './connection.ts'
import { openShell } from './open-shell.ts'
import { exited, locally, onEveryShell, outputText, usual } from './testing/shells.ts'

const frames = [
  { frame: 'a script with relays', light: false },
  { frame: 'a light script', light: true },
]

/** Bytes as the octal escapes of `printf %b`, so that the script itself has none of them. */
function escaped(bytes: Uint8Array): string {
  return [...bytes].map((byte) => `\\0${byte.toString(8).padStart(3, '0')}`).join('')
}

onEveryShell('what a script says and a shell learns', locally, ({ connection, command, start }) => {
  for (const { frame, light } of frames) {
    const saying = async (shell: Shell, script: string, options: Partial<RunOptions> = {}) => {
      const said: string[] = []
      const reply = exited(
        await shell.run(script, { ...usual, light, ...options, onSay: (words) => said.push(words) }),
      )
      return { said, stdout: reply.stdout, stderr: reply.stderr.toString(), code: reply.code }
    }

    test(`the messages of ${frame} are separate from its output, and in order`, async () => {
      const shell = await start()
      const answer = await saying(
        shell,
        `echo out; gp_say one two; x=$(gp_say 'in  a' capture; echo caught); (gp_say sub) >/dev/null 2>&1
echo piped | { read -r w; gp_say "$w"; }; IFS=:; set -eu; gp_say a b; gp_say; gp_say ''; echo "$x" >&2; exit 3`,
      )
      assert.deepEqual(answer.said, ['one two', 'in  a capture', 'sub', 'piped', 'a b', '', ''])
      assert.deepEqual([answer.stdout.toString(), answer.stderr, answer.code], ['out\n', 'caught\n', 3])
      await shell.close()
    })

    test(`${frame} can send text of any bytes, up to 8 KiB`, async () => {
      const shell = await start()
      const byte = fc.oneof(fc.integer({ min: 1, max: 255 }), fc.constantFrom(10, 32, 37, 39, 42, 63, 92))
      const utf8 = fc.string({ unit: 'binary', maxLength: 3000 }).map((word) => word.replaceAll('\0', '.'))
      const long = fc.oneof(
        utf8.map((word) => Buffer.from(word)),
        fc.array(byte, { maxLength: 3000 }).map((bytes) => Buffer.from(bytes)),
      )
      await fc.assert(
        fc.asyncProperty(long, fc.integer({ min: 0, max: 3 }), async (part, times) => {
          const bytes = Buffer.concat(Array.from({ length: times }, () => part)).subarray(0, 8192)
          // The dot protects line ends at the end of the text, which bash would remove.
          const script = `x=$(printf %b '${escaped(bytes)}.'); LC_ALL=C; gp_say "\${x%.}"`
          assert.deepEqual((await saying(shell, script)).said, [bytes.toString()])
        }),
        { numRuns: 20 },
      )
      const stray = Buffer.from([10, 194, 92, 128])
      assert.deepEqual((await saying(shell, `gp_say "$(printf %b '${escaped(stray)}')"`)).said, [
        stray.toString(),
      ])
      const lines = Array.from({ length: 400 }, (_, index) => `line ${index} é`).join('\n')
      assert.deepEqual((await saying(shell, `gp_say '${lines}\n'`)).said, [`${lines}\n`])
      await shell.close()
    })

    test(`the messages of ${frame} arrive regardless of output before, between and after them`, async () => {
      const shell = await start()
      const answer = await saying(
        shell,
        `noise() { head -c 3000000 /dev/zero | tr '\\0' "$1"; }
noise x; noise x >&2; gp_say first; noise y & noise z >&2 & n=0
while [ $n -lt 200 ]; do n=$((n + 1)); gp_say "number $n"; done; wait; noise x >&2; gp_say last`,
        { limit: 1000 },
      )
      const numbers = Array.from({ length: 200 }, (_, index) => `number ${index + 1}`)
      assert.deepEqual(answer.said, ['first', ...numbers, 'last'])
      assert.deepEqual([answer.stdout.length, answer.code], [1000, 0])
      assert.equal(await outputText(shell, 'echo next'), 'next\n')
      await shell.close()
    })

    test(`the messages of ${frame} arrive while it runs`, async () => {
      const shell = await start()
      const controller = new AbortController()
      const heard = new Promise<string>((resolve, reject) => {
        const running = shell.run('gp_say now; sleep 300', {
          ...usual,
          light,
          signal: controller.signal,
          onSay: resolve,
        })
        running.then(() => reject(new Error('it ended')), reject)
      })
      assert.equal(await heard, 'now')
      controller.abort(new Error('enough'))
      assert.equal(await outputText(shell, 'echo next'), 'next\n')
      await shell.close()
    })

    test(`a program that ${frame} runs cannot send messages`, async () => {
      const shell = await start()
      // The nonce is in no environment that a script can read, and marks without it are ignored.
      const answer = await saying(
        shell,
        `env | grep -c __gpuplay_; tr '\\0' '\\n' </proc/self/environ | grep -c __gpuplay_; tr '\\0' '\\n' </proc/$$/environ | grep -c __gpuplay_
sh -c 'gp_say forged' 2>/dev/null; sh -c 'printf "\\000%s V 2 . forged\\n" "$__gpuplay_a$__gpuplay_b" >&8'; gp_say true`,
      )
      assert.deepEqual(answer.said, ['true'])
      assert.match(answer.stdout.toString(), /^0\n0\n0\n/)
      await shell.close()
    })

    test(`an error in the listener of ${frame} is thrown after the script has ended`, async () => {
      const shell = await start()
      const running = shell.run('gp_say one; gp_say two', {
        ...usual,
        light,
        onSay: (words) => {
          throw new Error(`cannot use ${words}`)
        },
      })
      await assert.rejects(running, /cannot use one/)
      assert.equal(await outputText(shell, 'echo next'), 'next\n')
      await shell.close()
    })

    test(`messages of ${frame} after its end are dropped`, async () => {
      const shell = await start()
      const answer = await saying(shell, `(sleep 0.2; gp_say late) & gp_say now`)
      assert.deepEqual(answer.said, ['now'])
      assert.equal(await outputText(shell, 'sleep 0.4; echo next'), 'next\n')
      assert.deepEqual(answer.said, ['now'])
      await shell.close()
    })
  }

  test('a nonce in the environment of the shell is not exported again', async () => {
    const shell = await openShell(connection, {
      signal: usual.signal,
      command: `export __gpuplay_a=old __gpuplay_b=old; ${command}`,
    })
    assert.equal(await outputText(shell, 'env | grep -c __gpuplay_[ab]'), '0\n')
    await shell.close()
  })

  test('a shell receives each helper once, separately from the scripts that need it', async () => {
    const shell = await start()
    const helper = (name: string, word: string) => ({
      name,
      text: sh`count=\${count-}x; greet() { echo ${raw(word as ShellText)} "it's" "$1"; }`,
    })
    const helpers = [helper('greet 1', 'hello')]
    assert.equal(await outputText(shell, 'greet a; unset -f greet', { helpers }), "hello it's a\n")
    assert.equal(
      await outputText(shell, 'greet b; echo "$count"', { helpers, light: true }),
      "hello it's b\nx\n",
    )
    assert.equal(await outputText(shell, 'greet c'), "hello it's c\n")
    const changed = [helper('greet 2', 'bye')]
    assert.equal(await outputText(shell, 'greet d; echo "$count"', { helpers: changed }), "bye it's d\nxx\n")
    const fresh = await start()
    assert.equal(await outputText(fresh, 'greet e', { helpers, light: true }), "hello it's e\n")
    await Promise.all([shell.close(), fresh.close()])
  })
})
