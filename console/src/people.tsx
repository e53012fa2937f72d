// Finding people, blocking them, letting them in again, signing them out, deleting them, and help for who has lost the second step or every passkey. What ends
// something is asked for twice.
import { useEffect, useRef, useState } from 'react'
import { useLookup } from './lookup.ts'
import { Facts, Found } from './person.tsx'
import { type Act, ACTS, ASKED, type Asked, FURTHER } from './person-acts.ts'

interface Said {
  readonly mood: 'good' | 'bad' | 'note'
  readonly words: string
}

interface QuestionProps {
  readonly asked: Asked
  readonly email: string
  readonly ready: boolean
  readonly onLeave: () => void
  readonly onAct: (confirm: string) => void
}

function Question({ asked, email, ready, onLeave, onAct }: QuestionProps): React.JSX.Element {
  const [confirm, setConfirm] = useState('')
  const cancel = useRef<HTMLButtonElement>(null)
  // Where the button that was pressed is gone, so is the place of whoever has only a keyboard.
  useEffect(() => cancel.current?.focus(), [])
  const isSure = asked !== 'deleteNow' || confirm.trim().toLowerCase() === email.toLowerCase()
  return (
    <>
      {/* First, so that the second click of two on the same place undoes the first. */}
      <button ref={cancel} type='button' className='quiet' aria-describedby='asked' onClick={onLeave}>
        Cancel
      </button>
      {asked === 'deleteNow' ? (
        <label className='wide'>
          <span>The address once more, for good</span>
          <input value={confirm} autoComplete='off' spellCheck={false} onChange={(event) => setConfirm(event.target.value)} />
        </label>
      ) : null}
      <button id='asked' type='button' className='danger' disabled={!ready || !isSure} onClick={() => onAct(confirm)}>
        {ASKED[asked]} {email}
      </button>
    </>
  )
}

interface ChoiceProps {
  readonly ready: boolean
  readonly onAsk: (what: Asked) => void
  readonly onFind: (() => void) | undefined
  readonly onAct: (what: 'unblock' | 'keep') => void
}

function Choice({ ready, onAsk, onFind, onAct }: ChoiceProps): React.JSX.Element {
  return (
    <>
      <button type='button' className='quiet' disabled={onFind === undefined} onClick={onFind}>
        Find
      </button>
      <button type='submit' disabled={!ready}>
        Block
      </button>
      <button type='button' className='quiet' disabled={!ready} onClick={() => onAct('unblock')}>
        Let in again
      </button>
      {FURTHER.map(({ what, words }) => (
        <button key={what} type='button' className='quiet' disabled={!ready} onClick={() => onAsk(what)}>
          {words}
        </button>
      ))}
      <button type='button' className='quiet' disabled={!ready} onClick={() => onAct('keep')}>
        Do not delete
      </button>
    </>
  )
}

interface AddressProps {
  readonly ref: React.Ref<HTMLInputElement>
  readonly email: string
  readonly onTyped: (typed: string) => void
}

function Address({ ref, email, onTyped }: AddressProps): React.JSX.Element {
  return (
    <label className='wide'>
      <span>Email address</span>
      <input
        ref={ref}
        type='email'
        value={email}
        placeholder='ada@example.org'
        autoComplete='off'
        spellCheck={false}
        onChange={(event) => onTyped(event.target.value)}
      />
    </label>
  )
}

export function People(): React.JSX.Element {
  const [email, setEmail] = useState('')
  const [asked, setAsked] = useState<Asked>()
  const [isBusy, setBusy] = useState(false)
  const [said, setSaid] = useState<Said>()
  const field = useRef<HTMLInputElement>(null)
  const sayFailure = (error: unknown): void => setSaid({ mood: 'bad', words: error instanceof Error ? error.message : 'It did not work' })
  const { found, person, find, more, show, renew } = useLookup({
    onFound: (words) => setSaid({ mood: 'note', words }),
    onFailure: sayFailure,
  })
  // What was said of the act before is not about this one, and the same words are announced again.
  const ask = (lookUp: () => Promise<void>): void => {
    setSaid(undefined)
    void lookUp()
  }

  const leave = (): void => {
    setAsked(undefined)
    field.current?.focus()
  }
  const act = async (what: Act, confirm = ''): Promise<void> => {
    setBusy(true)
    setSaid(undefined)
    try {
      setSaid({ mood: 'good', words: await ACTS[what](email, confirm) })
      setEmail('')
      await renew()
    } catch (error) {
      sayFailure(error)
    }
    setBusy(false)
    leave()
  }
  const typed = (value: string): void => {
    setEmail(value.trim())
    setAsked(undefined)
    setSaid(undefined)
  }
  const choose = (chosen: string): void => {
    typed(chosen)
    ask(() => show(chosen))
    field.current?.focus()
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
        aria-label='Find, help or block somebody'
        onSubmit={(event) => {
          event.preventDefault()
          if (ready && asked === undefined) setAsked('block')
        }}
      >
        <Address ref={field} email={email} onTyped={typed} />
        {/* Keys, or the button that is pressed would become another one under the finger, and send the form as that. */}
        {asked === undefined ? (
          <Choice
            key='choice'
            ready={ready}
            onAsk={setAsked}
            onFind={isBusy ? undefined : () => ask(() => find(email))}
            onAct={(what) => void act(what)}
          />
        ) : (
          <Question
            key='question'
            asked={asked}
            email={email}
            ready={ready}
            onLeave={leave}
            onAct={(confirm) => void act(asked, confirm)}
          />
        )}
      </form>
      <p className={said?.mood ?? 'none'} role='status'>
        {said?.words}
      </p>
      {found === undefined || found.items.length === 0 ? null : (
        <Found list={found} onChoose={choose} onMore={() => ask(() => more(found))} />
      )}
      {person === undefined ? null : <Facts person={person} />}
    </section>
  )
}
