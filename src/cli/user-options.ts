// What `users` takes on the command line beside what every command takes.
export const USER_OPTIONS = {
  issuer: { type: 'string', multiple: true },
  'map-role': { type: 'string', multiple: true },
  'map-group': { type: 'string', multiple: true },
  'hash-config': { type: 'string' },
  'without-passwords': { type: 'boolean', default: false },
} as const

export interface UserLine {
  readonly from: string | undefined
  readonly issuers: readonly string[]
  /** `there=here`, as often as given. */
  readonly roles: readonly string[]
  readonly groups: readonly string[]
  readonly hashConfig: string | undefined
  readonly withoutPasswords: boolean
}

interface Typed {
  readonly from?: string | undefined
  readonly issuer?: string[] | undefined
  readonly 'map-role'?: string[] | undefined
  readonly 'map-group'?: string[] | undefined
  readonly 'hash-config'?: string | undefined
  readonly 'without-passwords': boolean
}

export function userLine(values: Typed): UserLine {
  return {
    from: values.from,
    issuers: values.issuer ?? [],
    roles: values['map-role'] ?? [],
    groups: values['map-group'] ?? [],
    hashConfig: values['hash-config'],
    withoutPasswords: values['without-passwords'],
  }
}

export const USER_USAGE = `  --from <system>      with users import: ninefold, keycloak, auth0, supabase or firebase
  --issuer <name=url>  with users import: the issuer behind a provider of that system, as often as needed
  --map-role <there=here>, --map-group <there=here>
                       with users import: what a role or a group of that system is called here, as often as needed
  --hash-config <file> with users import: the parameters of Firebase's hashes
  --without-passwords  with users export: leave the password hashes and the keys of authenticator apps out
`
