// What people see who are not signed in.
import type { ReactElement } from 'react'
import meadow from './art/meadow.svg'
import mountains from './art/mountains.svg'
import rain from './art/rain.svg'
import sea from './art/sea.svg'
import { client } from './client.ts'
import { Brand } from './brand.tsx'

const prints = [
  { src: mountains, words: 'Too cold to sleep' },
  { src: meadow, words: 'Apples, nearly' },
  { src: sea, words: 'Last light, day nine' },
  { src: rain, words: 'Sunday, all of it' },
]

const promises = [
  { title: 'Yours first', text: 'Every photo is private until you say otherwise, one by one.' },
  { title: 'A page to share', text: 'What you make public gets a quiet page of its own, for anyone, without an app.' },
  { title: 'You hold the keys', text: 'See every device and every app that you let in, and end any of them in a second.' },
]

export function Landing(): ReactElement {
  return (
    <div className='landing'>
      <header className='bar'>
        <Brand />
        <button type='button' className='link' onClick={() => client.signIn('/')}>
          Sign in
        </button>
      </header>
      <main>
        <section className='hero'>
          <div>
            <h1>A quiet place for your pictures.</h1>
            <p>One photo, a few words, the day it happened. Pixel Diary keeps them together, and keeps them yours.</p>
            <p className='actions'>
              <a className='button' href={`${client.addresses.accounts ?? ''}/sign-up`}>
                Create account
              </a>
              <button type='button' className='button plain' onClick={() => client.signIn('/')}>
                Sign in
              </button>
            </p>
          </div>
          <ul className='prints' aria-hidden='true'>
            {prints.map((print) => (
              <li key={print.words}>
                <img src={print.src} alt='' width='1200' height='900' />
                <span>{print.words}</span>
              </li>
            ))}
          </ul>
        </section>
        <ul className='promises'>
          {promises.map((promise) => (
            <li key={promise.title}>
              <h2>{promise.title}</h2>
              <p>{promise.text}</p>
            </li>
          ))}
        </ul>
      </main>
    </div>
  )
}
