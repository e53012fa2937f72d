// Who is here decides what to show: the landing page, or the diary of the person who is signed in.
import { type ReactElement, useEffect, useState } from 'react'
import { type Account, client, wordsFor } from './client.ts'
import { Diary } from './diary.tsx'
import { Landing } from './landing.tsx'

type State =
  | { readonly kind: 'asking' }
  | { readonly kind: 'failed'; readonly words: string }
  | { readonly kind: 'known'; readonly account: Account | undefined }

export function App(): ReactElement {
  const [state, setState] = useState<State>({ kind: 'asking' })
  useEffect(() => {
    const stopListening = client.onSession((session) => setState({ kind: 'known', account: session.account }))
    client
      .session()
      .then((session) => setState({ kind: 'known', account: session.account }))
      .catch((error: unknown) => setState({ kind: 'failed', words: wordsFor(error) }))
    return stopListening
  }, [])

  if (state.kind === 'asking') return <p className='waiting' role='status' aria-label='Opening your diary' />
  if (state.kind === 'failed') return <Failed words={state.words} />
  return state.account === undefined ? <Landing /> : <Diary account={state.account} />
}

function Failed({ words }: { readonly words: string }): ReactElement {
  return (
    <main className='failed'>
      <h1>That did not work</h1>
      <p>{words}</p>
      <button type='button' className='button' onClick={() => location.reload()}>
        Try again
      </button>
    </main>
  )
}
