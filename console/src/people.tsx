// Blocking somebody, and letting them in again: asked for twice, since it ends everything that is open.
import { useRef, useState } from 'react'
import { api } from './api.ts'

interface Said {
  readonly mood: 'good' | 'bad'
  readonly words: string
}

export function People(): React.JSX.Element {
  const [email, setEmail] = useState('')
  const [isSure, setSure] = useState(false)
  const [isBusy, setBusy] = useState(false)
  const [said, setSaid] = useState<Said>()
  const field = useRef<HTMLInputElement>(null)

  const act = async (what: 'block' | 'unblock'): Promise<void> => {
    setBusy(true)
    setSaid(undefined)
    try {
      const { suspended } = await api[what](email)
      const words = suspended
        ? `${email} is blocked. Every session and token of theirs has ended.`
        : `${email} can sign in again. What was open before stays ended.`
      setSaid({ mood: 'good', words })
      setEmail('')
    } catch (error) {
      setSaid({ mood: 'bad', words: error instanceof Error ? error.message : 'It did not work' })
    }
    setBusy(false)
    setSure(false)
    field.current?.focus()
  }
  const typed = (value: string): void => {
    setEmail(value.trim())
    setSure(false)
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
        aria-label='Block somebody'
        onSubmit={(event) => {
          event.preventDefault()
          if (ready) setSure(true)
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
        {isSure ? (
          <>
            <button type='button' className='danger' disabled={!ready} onClick={() => void act('block')}>
              Yes, block {email}
            </button>
            <button type='button' className='quiet' onClick={() => setSure(false)}>
              Cancel
            </button>
          </>
        ) : (
          <>
            <button type='submit' disabled={!ready}>
              Block
            </button>
            <button type='button' className='quiet' disabled={!ready} onClick={() => void act('unblock')}>
              Let in again
            </button>
          </>
        )}
      </form>
      <p className={said?.mood ?? 'none'} role='status'>
        {said?.words}
      </p>
    </section>
  )
}
