// What acts for an organisation, when nobody answers for it any more: part of requirement 32.
import type { Defence } from './defence.ts'

const SERVICES = 'test/http/service-accounts.test.ts'

export const MACHINES: readonly Defence[] = [
  {
    requirement: 32,
    off: 'the end of an account leaves the machines of what nobody else owns',
    test: 'test/http/leaving.test.ts',
    edits: [['src/auth/leaving/ending.ts', '  await services.halt(call, id)\n', '']],
  },
  {
    requirement: 32,
    off: 'an owner who leaves an organisation to a blocked one leaves its machines',
    test: SERVICES,
    edits: [['src/auth/organisations/member-change.ts', '...jobsOf(step), ', '']],
  },
  {
    requirement: 32,
    off: 'machines of an organisation beyond the first page go on',
    test: SERVICES,
    edits: [['src/auth/service-accounts/service.ts', 'while (after !== undefined)', "while (after === '')"]],
  },
]
