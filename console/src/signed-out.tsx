// What somebody sees who is not signed in: how to get in, and nothing of the platform.

export function SignedOut(): React.JSX.Element {
  return (
    <main className='gate'>
      <img src='/mark.svg' alt='' width='56' height='56' />
      <h1>This is the operators&rsquo; console</h1>
      <p>You are not signed in here. A link that works once, for 15 minutes, lets you in.</p>
      <ol>
        <li>
          <code>npm start</code> prints one when it starts. Or ask for one on the machine that runs the platform:
        </li>
        <li>
          <kbd>ninefold admin link</kbd>
        </li>
        <li>Open the link in this browser.</li>
      </ol>
      <button type='button' onClick={() => window.location.reload()}>
        I have opened it
      </button>
    </main>
  )
}
