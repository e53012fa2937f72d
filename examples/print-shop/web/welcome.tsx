// The front of the shop, and the closed door.
import type { ReactElement } from 'react'

export interface WelcomeProps {
  readonly note?: string | undefined
  readonly onSignIn: () => void
}

const steps = [
  { title: 'Let us see', text: 'Sign in with Pixel Diary. We ask to see your photos and captions, and for nothing else.' },
  { title: 'Pick', text: 'Tick the ones you want to hold in your hands.' },
  { title: 'Done', text: 'End our access whenever you like, on your account page. We are out within a second.' },
]

export function Welcome({ note, onSignIn }: WelcomeProps): ReactElement {
  return (
    <div className='welcome'>
      <span className='halftone' aria-hidden='true' />
      {note !== undefined && (
        <p className='note' role='status'>
          {note}
        </p>
      )}
      <h1>
        Your photos, <em>on paper.</em>
      </h1>
      <p className='lead'>Ninety-nine cents a print. No account of ours, no password of yours.</p>
      <SignInButton onSignIn={onSignIn} />
      <ol className='steps'>
        {steps.map((step) => (
          <li key={step.title}>
            <h2>{step.title}</h2>
            <p>{step.text}</p>
          </li>
        ))}
      </ol>
    </div>
  )
}

export function Ended({ onSignIn }: Pick<WelcomeProps, 'onSignIn'>): ReactElement {
  return (
    <div className='ended' role='alert'>
      <h1>Pixel Diary no longer lets us in.</h1>
      <p className='lead'>
        Our access was ended, so we have put your photos away. If that was you: good that it works. If you still want prints, let us in
        again.
      </p>
      <SignInButton onSignIn={onSignIn} />
    </div>
  )
}

function SignInButton({ onSignIn }: Pick<WelcomeProps, 'onSignIn'>): ReactElement {
  return (
    <button type='button' className='press' onClick={onSignIn}>
      Sign in with Pixel Diary
    </button>
  )
}
