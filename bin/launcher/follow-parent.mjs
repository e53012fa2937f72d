// Preloaded into a child of the launcher: when the launcher is gone, however it went, the child stops too.
import { isMainThread } from 'node:worker_threads'

const launcher = new URL(import.meta.url).searchParams.get('launcher')

// Workers and grandchildren inherit the preload; they are their own parent's business.
if (isMainThread && process.channel && String(process.ppid) === launcher) {
  process.channel.unref()
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'))
}
