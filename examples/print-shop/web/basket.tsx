// A toy basket: sizes, a sum, a receipt.
import { type ReactElement, useState } from 'react'

const sizes = [
  { name: '10 x 15', cents: 99 },
  { name: '13 x 18', cents: 189 },
  { name: '20 x 30', cents: 490 },
] as const

export interface BasketProps {
  readonly count: number
  readonly onDone: () => void
}

export function Basket({ count, onDone }: BasketProps): ReactElement {
  const [size, setSize] = useState<(typeof sizes)[number]>(sizes[0])
  const [receipt, setReceipt] = useState<string>()
  const order = (): void => {
    setReceipt(
      `${count} ${count === 1 ? 'print' : 'prints'} of ${size.name}, ${price(count * size.cents)}. Ready on a day that never comes.`,
    )
    onDone()
  }
  return (
    <aside className='basket' aria-labelledby='basket-title'>
      <h2 id='basket-title'>Basket</h2>
      <fieldset>
        <legend>Size in cm</legend>
        {sizes.map((each) => (
          <label key={each.name}>
            <input type='radio' name='size' checked={each === size} onChange={() => setSize(each)} />
            <span>{each.name}</span>
            <span className='price'>{price(each.cents)}</span>
          </label>
        ))}
      </fieldset>
      <p className='sum' aria-live='polite'>
        <span>
          {count} {count === 1 ? 'print' : 'prints'}
        </span>
        <strong>{price(count * size.cents)}</strong>
      </p>
      <button type='button' className='press' disabled={count === 0} onClick={order}>
        Print
      </button>
      {receipt !== undefined && (
        <p className='receipt' role='status'>
          {receipt}
        </p>
      )}
    </aside>
  )
}

function price(cents: number): string {
  return (cents / 100).toLocaleString(undefined, { style: 'currency', currency: 'EUR' })
}
