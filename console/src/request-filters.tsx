// What of the request log is shown.
import type { RequestFilter } from './api.ts'

const CLASSES = ['2xx', '3xx', '4xx', '5xx'] as const
const FIELDS = [
  { name: 'route', label: 'Route', example: '/api/photos/:id' },
  { name: 'client', label: 'Client', example: 'pseudonym' },
  { name: 'accountId', label: 'Account', example: 'account id' },
  { name: 'requestId', label: 'Request', example: 'request id' },
] as const

interface FilterProps {
  readonly filter: RequestFilter
  readonly onFilter: (filter: RequestFilter) => void
}

export function RequestFilters({ filter, onFilter }: FilterProps): React.JSX.Element {
  const change = (name: keyof RequestFilter, value: string | undefined): void => {
    const { [name]: _old, ...rest } = filter
    onFilter(value === undefined || value === '' ? rest : { ...rest, [name]: value })
  }
  const some = Object.keys(filter).length > 0
  return (
    <form className='filters' onSubmit={(event) => event.preventDefault()} aria-label='Filter requests'>
      <fieldset className='choice'>
        <legend className='unseen'>Status</legend>
        <button type='button' aria-pressed={filter.status === undefined} onClick={() => change('status', undefined)}>
          All
        </button>
        {CLASSES.map((name) => (
          <button type='button' key={name} aria-pressed={filter.status === name} onClick={() => change('status', name)}>
            {name}
          </button>
        ))}
      </fieldset>
      {FIELDS.map(({ name, label, example }) => (
        <label key={name}>
          <span>{label}</span>
          <input
            type='search'
            value={filter[name] ?? ''}
            placeholder={example}
            autoComplete='off'
            spellCheck={false}
            onChange={(event) => change(name, event.target.value)}
          />
        </label>
      ))}
      <button type='button' className='quiet' disabled={!some} onClick={() => onFilter({})}>
        Clear
      </button>
    </form>
  )
}
