// What is done by keys alone on the pages of the accounts origin, and what is sent by it.

interface Act {
  /** A state of states.ts, or a page of the engine. */
  readonly on: string
  /** At the control with these words: a key that presses it, or what is typed into it. */
  readonly by: readonly (readonly [words: string, key: string])[]
}

interface Sending extends Act {
  readonly to: string
  /** Among what is sent. */
  readonly form?: Readonly<Record<string, string>>
}

interface Saying extends Act {
  /** The page stays, and an alert says so. */
  readonly says: string
}

const SECOND_STEP = 'GET /interaction/:uid, a second step'
const SENT_CODE = 'POST /interaction/u1/second-step'
const CONSENT = 'GET /interaction/:uid, consent'
const DECIDED = 'POST /interaction/u1/consent'
const RECOVERED = { way: 'recovery', recovery: 'abcd efgh' }

export const ACTS: readonly (Sending | Saying)[] = [
  {
    on: SECOND_STEP,
    by: [
      ['Code from your app', '123456'],
      ['Code from your app', 'Enter'],
    ],
    to: SENT_CODE,
    form: { way: 'totp', code: '123456' },
  },
  {
    on: SECOND_STEP,
    by: [
      ['Use a recovery code', 'Space'],
      ['Recovery code', RECOVERED.recovery],
      ['Go on with this code', 'Space'],
    ],
    to: SENT_CODE,
    form: RECOVERED,
  },
  { on: SECOND_STEP, by: [['Sign in as somebody else', 'Enter']], to: 'POST /interaction/u1/start-over' },
  {
    on: 'GET /account/second-step',
    by: [
      ['I cannot scan it', 'Enter'],
      ['Code from your app', '654321'],
      ['Turn it on', 'Enter'],
    ],
    to: 'POST /account/second-step',
    form: { code: '654321' },
  },
  // A page that came from no network has no authenticator: that the browser was asked is what can be seen.
  { on: 'GET /account/passkeys/add', by: [['Create passkey', 'Space']], says: 'That did not work.' },
  { on: 'GET /account', by: [['Remove Old key', 'Enter']], to: 'POST /account/passkeys/key-2/remove' },
  { on: 'GET /account', by: [['Make new ones', 'Space']], to: 'POST /account/recovery-codes' },
  { on: 'POST /account/recovery-codes', by: [['I have kept them', 'Enter']], to: 'GET /account' },
  {
    on: 'GET /reset-password',
    by: [
      ['New password', 'nine other squares'],
      ['Save the new password', 'Space'],
    ],
    to: 'POST /reset-password',
    form: { password: 'nine other squares' },
  },
  {
    on: 'GET /interaction/:uid/email/code',
    by: [
      ['Code', '12345678'],
      ['Code', 'Enter'],
    ],
    to: 'POST /interaction/u1/email/code',
    form: { code: '12345678' },
  },
  { on: 'devicePage', by: [['Go on', 'Enter']], to: 'POST /device', form: { user_code: 'ABCD' } },
  { on: 'deviceConfirmPage', by: [['Yes, connect it', 'Space']], to: 'POST /device', form: { confirm: 'yes' } },
  { on: 'deviceConfirmPage', by: [['No', 'Enter']], to: 'POST /device', form: { abort: 'yes' } },
  {
    on: 'GET /account/organisations/:id/end',
    by: [
      ['To confirm, type its name', 'Nine'],
      ['End it for everybody', 'Enter'],
    ],
    to: 'POST /account/organisations/:id/end',
    form: { name: 'Nine' },
  },
  {
    on: 'GET /account/organisations/:id',
    by: [
      ['Email address', 'new@example.org'],
      ['editor', 'Space'],
      ['Invite', 'Enter'],
    ],
    to: 'POST /account/organisations/:id/invitations',
    form: { email: 'new@example.org', 'role-editor': 'on' },
  },
  {
    on: 'GET /account',
    by: [
      ['Yes, everywhere but in this browser', 'Space'],
      ['Sign out everywhere else', 'Enter'],
    ],
    to: 'POST /account/sessions/end',
    form: { sure: 'yes' },
  },
  {
    on: 'GET /account',
    by: [
      ['Yes, delete my account and everything in it', 'Space'],
      ['Delete my account', 'Enter'],
    ],
    to: 'POST /account/delete',
    form: { sure: 'yes' },
  },
  { on: CONSENT, by: [['Allow', 'Space']], to: DECIDED, form: { decision: 'allow' } },
  { on: CONSENT, by: [['Do not allow', 'Enter']], to: DECIDED, form: { decision: 'deny' } },
]
