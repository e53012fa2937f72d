// What the shop may not do, for everybody to try.
import { type FormEvent, type ReactElement, useState } from 'react'
import type { Connection, Outcome, Photo } from './connection.ts'

export interface LimitsProps {
  readonly connection: Connection
  readonly photo: Photo | undefined
  readonly onError: (error: unknown) => void
}

export function Limits({ connection, photo, onError }: LimitsProps): ReactElement {
  const [outcomes, setOutcomes] = useState<Readonly<Record<string, Outcome>>>({})
  const attempt = async (name: string, work: Promise<Outcome>): Promise<void> => {
    try {
      const outcome = await work
      setOutcomes((known) => ({ ...known, [name]: outcome }))
    } catch (error) {
      onError(error)
    }
  }
  const ask = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault()
    const id = new FormData(event.currentTarget).get('id')
    if (typeof id === 'string' && id !== '') void attempt('read', connection.tryToRead(id))
  }
  return (
    <section className='limits' aria-labelledby='limits-title'>
      <h2 id='limits-title'>What this shop may not do</h2>
      <p>You let us see your photos. Everything else is refused by Pixel Diary, not by our good manners. Try it.</p>
      <ul>
        <li>
          <h3>Change your diary</h3>
          <button
            type='button'
            className='plain'
            disabled={photo === undefined}
            onClick={() => photo !== undefined && void attempt('change', connection.tryToChange(photo))}
          >
            Try to change a caption
          </button>
          <Answer outcome={outcomes['change']} />
        </li>
        <li>
          <h3>See what is not yours</h3>
          <form onSubmit={ask}>
            <label>
              <span>Id of somebody else&rsquo;s photo</span>
              <input name='id' autoComplete='off' spellCheck={false} maxLength={64} required />
            </label>
            <button className='plain'>Try to see it</button>
          </form>
          <Answer outcome={outcomes['read']} />
        </li>
      </ul>
    </section>
  )
}

function Answer({ outcome }: { readonly outcome: Outcome | undefined }): ReactElement {
  return (
    <p className='answer' role='status'>
      {outcome !== undefined && (
        <>
          <strong>{outcome.status}</strong> <code>{outcome.code}</code>
        </>
      )}
    </p>
  )
}
