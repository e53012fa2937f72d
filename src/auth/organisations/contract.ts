// Organisations: people who belong together, what each of them may do there, and whom they have invited. Types only.
import type { Call } from '#kernel/call.ts'

export interface RoleDefinition {
  /** Words of the app, such as `photos:moderate`. Access rules and tokens name them. */
  readonly permissions: readonly string[]
}

export interface OrganisationsDefinition {
  /** Who may make one: anybody with an account, or operators alone. `people` unless told. */
  readonly create?: 'people' | 'operators'
  /** Roles that owners may give to members, beside `owner`: those of `auth.roles` unless told. */
  readonly roles?: readonly string[]
  readonly services?: {
    /** Scopes of the app that owners may give to the service accounts of their organisation: those of the app's own frontends unless told. Operators may give all. */
    readonly scopes?: readonly string[]
  }
}

export interface RolesChange {
  readonly addRoles: readonly string[]
  readonly removeRoles: readonly string[]
}

/** Exactly these, or some more and some less than now. */
export type RolesWanted = readonly string[] | RolesChange

export interface OrganisationView {
  readonly id: string
  readonly name: string
  readonly members: number
  /** Epoch milliseconds. */
  readonly createdAt: number
}

export interface MembershipView {
  readonly organisation: OrganisationView
  /** What the person is there. */
  readonly roles: readonly string[]
  /** The person acts for it: its tokens tell of it. */
  readonly active: boolean
}

export interface MemberView {
  readonly accountId: string
  readonly name: string
  readonly email: string
  readonly roles: readonly string[]
  /** Epoch milliseconds. */
  readonly joinedAt: number
}

export interface OrganisationOnDesk extends OrganisationView {
  readonly owners: number
  /** One of them is not blocked. */
  readonly isAttended: boolean
}

/** For operators and the system alone. */
export interface OrganisationsDesk {
  /** The app has them: nobody would see one that is made all the same. */
  readonly isOn: boolean
  list(call: Call, after?: string): Promise<{ readonly items: readonly OrganisationOnDesk[]; readonly next?: string }>
  /** `owner` is the address of an account. `undefined` when nobody has it. */
  create(call: Call, request: { readonly name: string; readonly owner: string }): Promise<OrganisationView | undefined>
  members(call: Call, organisationId: string, after?: string): Promise<{ readonly items: readonly MemberView[]; readonly next?: string }>
  /**
   * Gives somebody these roles, makes them a member with them, or takes them out with `undefined`; and says what they are then, `undefined` for no member.
   * Who is none is made none by taking roles away. Nothing when nobody has the address.
   */
  setMember(
    call: Call,
    request: { readonly organisationId: string; readonly email: string; readonly roles: RolesWanted | undefined },
  ): Promise<{ readonly roles: readonly string[] | undefined } | undefined>
  /** Takes it apart: nobody is a member any more, and everything that told so has ended. */
  end(call: Call, organisationId: string): Promise<boolean>
}
