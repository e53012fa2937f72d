// Parts of auth's contract that nothing of the gateway asks for.
import type { Auth } from '../../src/auth/contract.ts'

export class UnusedAuth {
  clients = {} as Auth['clients']
  moving = {} as Auth['moving']
  organisations = {} as Auth['organisations']
  serviceAccounts = {} as Auth['serviceAccounts']
  profile = async () => undefined
  suspendAccount = async () => undefined
  signOutAccount = async () => undefined
  deleteAccount = async () => undefined
  keepAccount = async () => undefined
  finding = {} as Auth['finding']
  offerAddress = async () => undefined
  resetSecondStep = async () => undefined
  sendPasskeyLink = async () => undefined
  invitations = async () => ({ items: [] })
  withdrawInvitation = async () => false
  invite = async (_call: unknown, email: string) => ({ email, expiresAt: 0 })
}
