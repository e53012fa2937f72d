// Blocking somebody, letting them in again, and help for who has lost the second step or every passkey. What ends all that is open is asked for twice.
import { Fragment, useEffect, useRef, useState } from 'react'
import { api } from './api.ts'

interface Said {
  readonly mood: 'good' | 'bad'
  readonly words: string
}

const ACTS = {
  async block(email: string) {
    await api.block(email)
    return `${email} is blocked. Every session and token of theirs has ended.`
  },
  async unblock(email: string) {
    await api.unblock(email)
    return `${email} can sign in again. What was open before stays ended.`
  },
  async reset(email: string) {
    const { secondStepReset } = await api.resetSecondStep(email)
    return secondStepReset
      ? `${email} signs in with one step now. Every session has ended, and a mail tells of it.`
      : `${email} has no second step.`
  },
  async link(email: string) {
    const { passkeyLinkSent } = await api.sendPasskeyLink(email)
    return passkeyLinkSent
      ? `${email} has a mail with a link for a new passkey, which works once, within 15 minutes.`
      : `${email} is blocked, or can sign in without a passkey. No mail was sent.`
  },
} as const

type Act = keyof typeof ACTS

const ASKED = { block: 'Yes, block', reset: 'Yes, take the second step from', link: 'Yes, mail a link to' } as const

const LOSSES = [
  { what: 'reset', words: 'Lost second step' },
  { what: 'link', words: 'Lost passkey' },
] as const

type Loss = (typeof LOSSES)[number]['what']

function Losses({ ready, onAsk }: { readonly ready: boolean; readonly onAsk: (what: Loss) => void }): React.JSX.Element[] {
  return LOSSES.map(({ what, words }) => (
    <button key={what} type='button' className='quiet' disabled={!ready} onClick={() => onAsk(what)}>
      {words}
    </button>
  ))
}

export function People(): React.JSX.Element {
  const [email, setEmail] = useState('')
  const [asked, setAsked] = useState<keyof typeof ASKED>()
  const [isBusy, setBusy] = useState(false)
  const [said, setSaid] = useState<Said>()
  const field = useRef<HTMLInputElement>(null)
  const cancel = useRef<HTMLButtonElement>(null)
  // Where the button that was pressed is gone, so is the place of whoever has only a keyboard.
  useEffect(() => {
    if (asked !== undefined) cancel.current?.focus()
  }, [asked])

  const leave = (): void => {
    setAsked(undefined)
    field.current?.focus()
  }
  const act = async (what: Act): Promise<void> => {
    setBusy(true)
    setSaid(undefined)
    try {
      setSaid({ mood: 'good', words: await ACTS[what](email) })
      setEmail('')
    } catch (error) {
      setSaid({ mood: 'bad', words: error instanceof Error ? error.message : 'It did not work' })
    }
    setBusy(false)
    leave()
  }
  const typed = (value: string): void => {
    setEmail(value.trim())
    setAsked(undefined)
    setSaid(undefined)
  }
  const ready = /.@./.test(email) && !isBusy
  return (
    <section className='card' aria-labelledby='people'>
      <div className='bar'>
        <h2 id='people'>People</h2>
        <span className='note'>Whoever is blocked is signed out everywhere within a second, and cannot sign in.</span>
      </div>
      <form
        className='filters'
        aria-label='Help or block somebody'
        onSubmit={(event) => {
          event.preventDefault()
          if (ready && asked === undefined) setAsked('block')
        }}
      >
        <label className='wide'>
          <span>Email address</span>
          <input
            ref={field}
            type='email'
            value={email}
            placeholder='ada@example.org'
            autoComplete='off'
            spellCheck={false}
            onChange={(event) => typed(event.target.value)}
          />
        </label>
        {/* Keys, or the button that is pressed would become another one under the finger, and send the form as that. */}
        {asked === undefined ? (
          <Fragment key='choice'>
            <button type='submit' disabled={!ready}>
              Block
            </button>
            <button type='button' className='quiet' disabled={!ready} onClick={() => void act('unblock')}>
              Let in again
            </button>
            <Losses ready={ready} onAsk={setAsked} />
          </Fragment>
        ) : (
          <Fragment key='question'>
            {/* First, so that the second click of two on the same place undoes the first. */}
            <button ref={cancel} type='button' className='quiet' aria-describedby='asked' onClick={leave}>
              Cancel
            </button>
            <button id='asked' type='button' className='danger' disabled={!ready} onClick={() => void act(asked)}>
              {ASKED[asked]} {email}
            </button>
          </Fragment>
        )}
      </form>
      <p className={said?.mood ?? 'none'} role='status'>
        {said?.words}
      </p>
    </section>
  )
}
