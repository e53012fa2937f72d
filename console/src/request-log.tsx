// The request log: newest first, live unless somebody reads further back, narrowed by a click on what it shows.
import { useState } from 'react'
import { api, type LoggedRequest, type RequestFilter, type RequestPage, type Status } from './api.ts'
import { bytes, milliseconds, moment } from './format.ts'
import { usePolling } from './poll.ts'
import { RequestFilters } from './request-filters.tsx'

const PAGE = 50

interface LogProps {
  readonly active: boolean
  readonly filter: RequestFilter
  readonly onFilter: (filter: RequestFilter) => void
  readonly log: Status['requestLog'] | undefined
}

function mood(status: number): string {
  if (status >= 500) return 'bad'
  return status >= 400 ? 'warn' : status >= 300 ? 'soft' : 'good'
}

function Line({ item, onFilter }: { readonly item: LoggedRequest; readonly onFilter: LogProps['onFilter'] }): React.JSX.Element {
  const who = item.accountId ?? item.principal
  return (
    <tr>
      <td data-name='Time'>
        <time dateTime={item.at}>{moment(item.at)}</time>
      </td>
      <td data-name='Status'>
        <span className={`status ${mood(item.status)}`}>{item.status}</span>
      </td>
      <th scope='row'>
        <span className='method'>{item.method}</span>{' '}
        <button type='button' className='link' onClick={() => onFilter({ route: item.route })}>
          {item.route}
        </button>{' '}
        <span className='note'>{item.site}</span>
        {item.errorCode === undefined ? null : <span className='code'>{item.errorCode}</span>}
      </th>
      <td data-name='Took'>{milliseconds(item.durationMs)}</td>
      <td data-name='Sent'>{bytes(item.bytesOut)}</td>
      <td data-name='Client'>
        <button type='button' className='link mono' title='Only this client' onClick={() => onFilter({ client: item.client })}>
          {item.client}
        </button>
      </td>
      <td data-name='Who' className='mono' title={item.clientId === undefined ? who : `${who} by ${item.clientId}`}>
        {item.accountId === undefined ? who : `...${who.slice(-6)}`}
      </td>
      <td data-name='Request'>
        <button type='button' className='link mono' title={item.requestId} onClick={() => onFilter({ requestId: item.requestId })}>
          {item.requestId.slice(0, 8)}
        </button>
      </td>
    </tr>
  )
}

function Lines({
  items,
  onFilter,
}: {
  readonly items: readonly LoggedRequest[]
  readonly onFilter: LogProps['onFilter']
}): React.JSX.Element {
  return (
    <table className='log'>
      <thead>
        <tr>
          <th scope='col'>Time</th>
          <th scope='col'>Status</th>
          <th scope='col'>Route</th>
          <th scope='col'>Took</th>
          <th scope='col'>Sent</th>
          <th scope='col'>Client</th>
          <th scope='col'>Who</th>
          <th scope='col'>Request</th>
        </tr>
      </thead>
      <tbody>
        {items.map((item) => (
          <Line key={item.id} item={item} onFilter={onFilter} />
        ))}
      </tbody>
    </table>
  )
}

interface PagesProps extends Pick<LogProps, 'active' | 'filter' | 'onFilter'> {
  readonly onLive: (live: boolean) => void
}

/** The pages of one filter; another filter begins anew. */
function Pages({ active, filter, onFilter, onLive }: PagesProps): React.JSX.Element {
  const [newest, setNewest] = useState<RequestPage>()
  const [older, setOlder] = useState<readonly RequestPage[]>([])
  usePolling(
    async (signal) => setNewest(await api.requests({ ...filter, limit: PAGE }, signal)),
    // New lines would push away what is being read.
    active && older.length === 0,
  )
  const pages = newest === undefined ? [] : [newest, ...older]
  const next = pages.at(-1)?.next
  const items = pages.flatMap((page) => page.items)
  const readOlder = async (after: string): Promise<void> => {
    onLive(false)
    const page = await api.requests({ ...filter, limit: PAGE, after }, new AbortController().signal)
    setOlder([...older, page])
  }
  const backToNewest = (): void => {
    onLive(true)
    setOlder([])
  }
  return (
    <>
      {newest !== undefined && items.length === 0 ? <p className='empty'>Nothing fits.</p> : null}
      {items.length > 0 ? <Lines items={items} onFilter={(more) => onFilter({ ...filter, ...more })} /> : null}
      <p className='more'>
        {older.length === 0 ? null : (
          <button type='button' className='quiet' onClick={backToNewest}>
            Back to the newest
          </button>
        )}{' '}
        {next === undefined ? null : (
          <button type='button' className='quiet' onClick={() => void readOlder(next)}>
            Older
          </button>
        )}
      </p>
    </>
  )
}

export function RequestLog({ active, filter, onFilter, log }: LogProps): React.JSX.Element {
  const [live, setLive] = useState(true)
  const change = (wanted: RequestFilter): void => {
    setLive(true)
    onFilter(wanted)
  }
  return (
    <section className='card' aria-labelledby='requests'>
      <div className='bar'>
        <h2 id='requests'>Requests</h2>
        <span className={`pulse ${live && active ? 'live' : ''}`}>{live && active ? 'Live' : 'Standing still'}</span>
        {log === undefined ? null : (
          <span className='note'>
            kept for {log.retentionDays} days
            {log.pseudonyms ? ', client addresses only as pseudonyms of the day' : ', without client addresses'}
          </span>
        )}
      </div>
      <RequestFilters filter={filter} onFilter={change} />
      <Pages key={JSON.stringify(filter)} active={active} filter={filter} onFilter={change} onLive={setLive} />
    </section>
  )
}
