// Preloaded into a child of the launcher: when the launcher is gone, however it went, the child stops too.
import { isMainThread } from 'node:worker_threads'

const launcher = Number(new URL(import.meta.url).searchParams.get('launcher'))

function launcherIsGone() {
  try {
    process.kill(launcher, 0)
    return false
  } catch {
    return true
  }
}

// Workers inherit the preload, and so does what the child starts itself; they are its business.
if (isMainThread && process.channel && process.ppid === launcher) {
  process.channel.unref()
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'))
} else if (isMainThread && process.env.WATCH_REPORT_DEPENDENCIES) {
  // Under --watch Node puts a watcher between the launcher and us, which would restart us for ever.
  setInterval(() => launcherIsGone() && process.kill(process.ppid, 'SIGTERM'), 1000).unref()
}
