// The engine that serves at a moment. It is built with its keys and cannot change them, so new keys mean a new engine: built and warmed beside the old
// one, then put in its place. Requests that are under way end with the engine that they began with; both know all keys that may be shown.
import { systemCall } from '#kernel/call.ts'
import type { Logger } from '#kernel/log.ts'
import { LOOK_MS } from '../keys/generations.ts'
import type { LoadedKeys, SigningKeys } from '../keys/signing-keys.ts'
import type { BuiltProvider } from './provider.ts'

export interface Serving {
  readonly keys: LoadedKeys
  readonly built: BuiltProvider
}

export interface RunningEngine {
  start(): Promise<void>
  stop(): Promise<void>
  isStarted(): boolean
  /** Throws before the start. Ask once for what belongs together. */
  serving(): Serving
  /** Takes up keys that another process has made. What cannot be read stays as it was. */
  look(): Promise<void>
}

export interface RunningEngineParts {
  readonly signingKeys: Pick<SigningKeys, 'load' | 'changed'>
  readonly logger: Logger
  /** Ready to serve: nothing is left to be done in front of a person. */
  build(keys: LoadedKeys): Promise<BuiltProvider>
}

export function createRunningEngine({ signingKeys, logger, build }: RunningEngineParts): RunningEngine {
  const call = systemCall('auth')
  let serving: Serving | undefined
  let timer: NodeJS.Timeout | undefined
  let looking: Promise<void> | undefined
  let stopped = false
  let hasFailed = false

  const lookOnce = async (): Promise<void> => {
    if (serving === undefined) return
    try {
      const keys = await signingKeys.changed(call, serving.keys.version)
      if (keys !== undefined) {
        serving = { keys, built: await build(keys) }
        logger.info({ event: 'auth.keys_changed', kid: keys.accessTokenKid }, 'the signing keys have changed')
      }
      hasFailed = false
    } catch (error) {
      if (!hasFailed) logger.error({ err: error }, 'the signing keys cannot be read; those that are known stay')
      hasFailed = true
    }
  }
  const look: RunningEngine['look'] = () => {
    looking ??= lookOnce().finally(() => {
      looking = undefined
    })
    return looking
  }
  const loop = (): void => {
    if (stopped) return
    timer = setTimeout(() => void look().then(loop), LOOK_MS).unref()
  }
  return {
    async start() {
      if (serving !== undefined) return
      const keys = await signingKeys.load(call)
      serving = { keys, built: await build(keys) }
      loop()
    },
    async stop() {
      stopped = true
      clearTimeout(timer)
      await looking
    },
    isStarted: () => serving !== undefined,
    serving() {
      if (serving === undefined) throw new Error('The authorization server has not been started.')
      return serving
    },
    look,
  }
}
