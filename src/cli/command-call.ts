// A call on the authority of whoever has a shell on the machine, for what is recorded with who did it.
import { userInfo } from 'node:os'
import { type Call, systemCall } from '../kernel/call.ts'

export function commandCall(command: string): Call {
  return { ...systemCall(command), principal: { kind: 'system', name: command, by: whoever() } }
}

/** The account on the machine. */
function whoever(): string {
  try {
    return userInfo().username
  } catch {
    // An id without a name, as in containers.
    return `user ${process.getuid?.() ?? 'unknown'}`
  }
}
