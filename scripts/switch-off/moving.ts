// People who move in from another system: requirement 71.
import type { Defence } from './defence.ts'

export const MOVING: readonly Defence[] = [
  ...(
    [
      ['has taken a way away since', 'if (found.waysVersion !== undefined)', 'if (found.waysVersion === -1)'],
      ['has confirmed the address here alone', 'row.emailVerifiedAt === undefined)', 'row.emailVerifiedAt === -1)'],
    ] as const
  ).map(([who, from, to]): Defence => {
    const edits = [['src/auth/moving/completing.ts', from, to]] as const
    return {
      requirement: 71,
      off: `a later file opens the account of somebody who ${who}`,
      test: 'test/http/moving-in-parts.test.ts',
      edits,
    }
  }),
  ...(
    [
      ['of who has changed the address here', 'legacy.ts', ' && waysVersion === undefined', ''],
      ['that has another id there by now', 'adopting.ts', 'if (accountId === found.id) return true', 'if (accountId !== "") return true'],
    ] as const
  ).map(([which, file, from, to]): Defence => {
    const edits = [[`src/auth/moving/${file}`, from, to]] as const
    return {
      requirement: 71,
      off: `a password of the other system opens an account ${which}`,
      test: 'test/http/legacy-sign-in.test.ts',
      edits,
    }
  }),
  ...(
    [
      ['has an address that nobody has confirmed there', 'person?.emailVerified !== true', 'person === undefined'],
      ['is not said to have the identity that was asked about', 'return lists ? undefined', 'return identities ? undefined'],
      ['has the address of another account here', 'if (!(await isTheirs(', 'if (found.name === "" && !(await isTheirs('],
    ] as const
  ).map(([who, from, to]): Defence => {
    const edits = [['src/auth/moving/finder.ts', from, to]] as const
    return {
      requirement: 71,
      off: `whoever comes by a provider has the account of somebody of the other system who ${who}`,
      test: 'test/http/legacy-find.test.ts',
      edits,
    }
  }),
  {
    requirement: 71,
    off: 'what is asked for with an address that somebody has left here is mailed to their new one',
    test: 'test/http/legacy-find-by-mail.test.ts',
    edits: [
      ['src/auth/moving/finder.ts', 'if (isLeft)', 'if (isLeft && email === "")'],
      ['src/auth/moving/stranger-mail-job.ts', ' && found.account.email === to)', ' && found.account.email !== "")'],
    ],
  },
  {
    requirement: 70,
    off: 'whoever reads the database reads the links of mails that wait for the other system',
    test: 'test/http/legacy-find-whole.test.ts',
    edits: [['src/kernel/sealed-job.ts', 'new Set([MAIL_JOB, STRANGER_MAIL_JOB])', 'new Set([MAIL_JOB])']],
  },
  {
    requirement: 71,
    off: 'rows of one address are one person, though one has not confirmed it',
    test: 'test/e2e/users-command.test.ts',
    edits: [
      [
        'src/auth/moving/systems/auth0-accounts.ts',
        'const confirmed = accounts.filter(({ whole }) => whole.emailVerified === true)',
        'const confirmed = accounts',
      ],
    ],
  },
  {
    requirement: 71,
    off: 'rows of one address are one person, though a provider cannot say whose it is today',
    test: 'test/e2e/users-command.test.ts',
    edits: [['src/auth/moving/systems/auth0.ts', '(issuer === GOOGLE && isGoogles(', '(issuer === GOOGLE || isGoogles(']],
  },
]
