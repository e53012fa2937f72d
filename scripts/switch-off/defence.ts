// How a defence is switched off.

/** A file, what stands in it exactly once, and what takes its place. */
export type Edit = readonly [file: string, search: string, replacement: string]

export interface Defence {
  /** Its number in docs/security.md. */
  readonly requirement: number
  /** What is so once the edits are made. */
  readonly off: string
  /** The file whose tests with this number must fail then. */
  readonly test: string
  readonly edits: readonly Edit[]
}

/** What the engine does for us, a new release of it could leave out: so its own code is switched off as well. */
export const ENGINE = 'node_modules/oidc-provider/lib'
