// Welcome, at the counter, or shown the door: the three rooms of the shop.
import { type ReactElement, useEffect, useState } from 'react'
import type { Connection } from './connection.ts'
import { Counter } from './counter.tsx'
import { findProvider, type Provider } from './provider.ts'
import { beginSignIn, finishSignIn, SignInError } from './sign-in.ts'
import { Ended, Welcome } from './welcome.tsx'

type State =
  | { readonly room: 'opening' }
  | { readonly room: 'welcome'; readonly note?: string }
  | { readonly room: 'counter'; readonly connection: Connection }
  | { readonly room: 'ended' }

// The code in the address is good once, so the page may be opened once, however often it is rendered.
let opening: Promise<{ provider: Provider; connection?: Connection; note?: string }> | undefined

async function open(): Promise<{ provider: Provider; connection?: Connection; note?: string }> {
  const provider = await findProvider()
  if (location.pathname !== '/callback') return { provider }
  const answer = new URL(location.href)
  history.replaceState(null, '', '/')
  try {
    return { provider, connection: await finishSignIn(provider, answer) }
  } catch (error) {
    return { provider, note: error instanceof SignInError ? error.message : 'Signing in did not work. Please try again.' }
  }
}

export function App(): ReactElement {
  const [state, setState] = useState<State>({ room: 'opening' })
  const [provider, setProvider] = useState<Provider>()
  useEffect(() => {
    const enter = async (): Promise<void> => {
      try {
        opening ??= open()
        const opened = await opening
        setProvider(opened.provider)
        if (opened.connection !== undefined) setState({ room: 'counter', connection: opened.connection })
        else setState({ room: 'welcome', ...(opened.note === undefined ? {} : { note: opened.note }) })
      } catch {
        setState({ room: 'welcome', note: 'Pixel Diary cannot be reached just now. Please come again.' })
      }
    }
    void enter()
  }, [])

  const signIn = (): void => {
    if (provider === undefined) location.reload()
    else beginSignIn(provider).catch(() => setState({ room: 'welcome', note: 'Signing in is not possible just now. Please try again.' }))
  }
  const leave = async (connection: Connection): Promise<void> => {
    await connection.forget().catch(() => undefined)
    setState({ room: 'welcome', note: 'We gave the access back and forgot everything.' })
  }
  return (
    <>
      <header className='bar'>
        <a className='brand' href='/'>
          <span aria-hidden='true' className='dots' />
          Print Shop
        </a>
        {state.room === 'counter' && (
          <button type='button' className='text' onClick={() => void leave(state.connection)}>
            Forget me
          </button>
        )}
      </header>
      <main>
        {state.room === 'opening' && <p className='opening' role='status' aria-label='Opening the shop' />}
        {state.room === 'welcome' && <Welcome note={state.note} onSignIn={signIn} />}
        {state.room === 'counter' && <Counter connection={state.connection} onEnded={() => setState({ room: 'ended' })} />}
        {state.room === 'ended' && <Ended onSignIn={signIn} />}
      </main>
      <footer>
        <p>A shop of its own on another site. It knows Pixel Diary by its public addresses only, and nothing is really printed.</p>
      </footer>
    </>
  )
}
