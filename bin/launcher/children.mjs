// Runs children in the foreground: passes signals on, ends with the first child's code, leaves none behind.
import { spawn } from 'node:child_process'
import { constants } from 'node:os'

const GRACE_MS = 10_000
const PASSED_ON = ['SIGINT', 'SIGTERM', 'SIGHUP']
const onWindows = process.platform === 'win32'

function start({ runtime, nodeArgs = [], args, cwd, env }) {
  const preload = new URL(`./follow-parent.mjs?launcher=${process.pid}`, import.meta.url).href
  // A group of its own: a Ctrl-C at the terminal reaches the launcher only, which passes it on once.
  return spawn(runtime, ['--import', preload, ...nodeArgs, ...args], {
    cwd,
    env,
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    detached: !onWindows,
  })
}

const ended = (child) => child.exitCode !== null || child.signalCode !== null

async function stop(child) {
  if (ended(child)) return
  child.kill('SIGTERM')
  const lastResort = setTimeout(() => child.kill('SIGKILL'), GRACE_MS)
  await new Promise((resolve) => {
    child.once('exit', () => {
      clearTimeout(lastResort)
      resolve()
    })
  })
}

/** npm runs us in a shell. A signal to npm ends that shell and tells us nothing, but then we have another parent. */
export function whenNpmIsGone(act) {
  if (!process.env.npm_lifecycle_event || onWindows) return
  const shell = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === shell) return
    clearInterval(timer)
    act()
  }, 500)
  timer.unref()
}

/** Resolves with the exit code of the main child, once every companion has ended too. */
export async function runChildren(main, companions = []) {
  const child = start(main)
  const others = companions.map((companion) => ({ ...companion, child: start(companion) }))
  const everyone = [child, ...others.map((other) => other.child)]
  let signals = 0
  const passOn = (signal) => {
    signals += 1
    // Whoever asks twice means it. A terminal that closes asks to stop like any other.
    for (const each of everyone) each.kill(signals > 1 ? 'SIGKILL' : signal === 'SIGHUP' ? 'SIGTERM' : signal)
  }
  for (const signal of PASSED_ON) process.on(signal, () => passOn(signal))
  whenNpmIsGone(() => signals === 0 && passOn('SIGTERM'))
  for (const other of others) {
    other.child.once('error', (error) => other.onEnd(error.message))
    other.child.once('exit', (code, signal) => signals === 0 && !ended(child) && other.onEnd(signal ?? `exit code ${code}`))
  }
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (exitCode, signal) => resolve(exitCode ?? 128 + (constants.signals[signal] ?? 0)))
  })
  await Promise.all(others.map((other) => stop(other.child)))
  return code
}
