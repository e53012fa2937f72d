// The name and its mark, and the few icons of the app. All of them are drawings without a meaning of their own: text stands beside them.
import type { ReactElement } from 'react'

export function Brand(): ReactElement {
  return (
    <a className='brand' href='/'>
      <img src='/favicon.svg' alt='' width='28' height='28' />
      Pixel Diary
    </a>
  )
}

const SHAPES = {
  plus: 'M12 5v14M5 12h14',
  trash: 'M4 7h16M10 7V4h4v3M6 7l1 13h10l1-13M10 11v5M14 11v5',
  pencil: 'M4 20l1-4L16 5l3 3L8 19zM14 7l3 3',
  globe: 'M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18zM3 12h18M12 3c3 3 3 15 0 18M12 3c-3 3-3 15 0 18',
  lock: 'M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3',
  close: 'M6 6l12 12M18 6L6 18',
}

export function Icon({ name }: { readonly name: keyof typeof SHAPES }): ReactElement {
  return (
    <svg className='icon' viewBox='0 0 24 24' aria-hidden='true' focusable='false'>
      <path d={SHAPES[name]} />
    </svg>
  )
}
