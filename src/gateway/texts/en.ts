// What the gateway's pages say, in English. It is the shape of every other language.

export const en = {
  language: 'en',
  tryAgain: 'Try again',
  toStart: 'To the start page',
  startAgain: 'Start again',
  goOn: 'Continue',
  moment: 'One moment',
  /** Shown small, so that a person can name it to support. */
  requestNumber: (id: string) => `Request ${id}`,
  refusals: {
    declined: { title: 'Sign-in was cancelled', text: 'Nothing was changed. You can try again whenever you like.' },
    ended: { title: 'This sign-in has ended', text: 'It took too long, was finished already, or began in another browser. Please start again.' },
    failed: { title: 'Sign-in is not available just now', text: 'This is on our side. Please try again in a moment.' },
  },
  /** By status: what a person can do about it. */
  problems: new Map([
    [401, { title: 'Sign in first', text: 'Please sign in, then try again.' }],
    [403, { title: 'Not allowed', text: 'This is not open to you, or the page was out of date. Go back, load it again and try once more.' }],
    [404, { title: 'Nothing here', text: 'There is nothing at this address.' }],
    [413, { title: 'That was too large', text: 'More was sent than is taken here.' }],
    [429, { title: 'Too many requests', text: 'That was a lot at once. Wait a moment and try again.' }],
    [503, { title: 'Not available just now', text: 'This is not available just now. Please try again in a moment.' }],
  ]),
  otherProblem: { title: 'This did not work', text: 'This request could not be answered.' },
  /** Of status 500 and above. */
  ourProblem: { title: 'Something went wrong on our side', text: 'Something went wrong on our side. Please try again.' },
}

export type PageTexts = typeof en
