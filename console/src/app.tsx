// The one page: what matters first, details below.
import { useState } from 'react'
import { api, type RequestFilter } from './api.ts'
import { Jobs } from './jobs.tsx'
import { Overview } from './overview.tsx'
import type { Link } from './poll.ts'
import { People } from './people.tsx'
import { Process } from './process.tsx'
import { Reports } from './reports.tsx'
import { RequestLog } from './request-log.tsx'
import { Routes } from './routes.tsx'
import { SignedOut } from './signed-out.tsx'
import { useStatus } from './status.ts'

const WORDS: Readonly<Record<Link, string>> = {
  waiting: 'Connecting',
  live: 'Live',
  paused: 'Paused',
  lost: 'No answer, trying again',
  gone: 'Signed out',
}

function Pulse({ link, notReady }: { readonly link: Link; readonly notReady: readonly string[] }): React.JSX.Element {
  const ill = link === 'live' && notReady.length > 0
  return (
    <p className={`pulse ${ill ? 'ill' : link}`} role='status'>
      {ill ? `Not ready: ${notReady.join(', ')}` : WORDS[link]}
    </p>
  )
}

export function App(): React.JSX.Element {
  const [active, setActive] = useState(true)
  const [filter, setFilter] = useState<RequestFilter>({})
  const { status, link } = useStatus(active)
  if (link === 'gone') return <SignedOut />

  const showRequests = (wanted: RequestFilter): void => {
    setFilter(wanted)
    document.getElementById('requests')?.scrollIntoView({ behavior: 'smooth' })
  }
  const signOut = async (): Promise<void> => {
    await api.signOut().catch(() => {})
    window.location.reload()
  }
  return (
    <>
      <header className='top'>
        <img src='/mark.svg' alt='' width='32' height='32' />
        <h1>Console</h1>
        <Pulse link={link} notReady={status?.notReady ?? []} />
        <nav aria-label='This page'>
          <a href='#jobs'>Jobs</a>
          <a href='#people'>People</a>
          <a href='#requests'>Requests</a>
          <a href='#reports'>Policy reports</a>
        </nav>
        <button type='button' className='quiet' aria-pressed={!active} onClick={() => setActive(!active)}>
          {active ? 'Pause' : 'Go on'}
        </button>
        <button type='button' className='quiet' onClick={() => void signOut()}>
          Sign out
        </button>
      </header>
      <main>
        <Overview status={status} onErrors={() => showRequests({ status: '5xx' })} />
        <div className='columns'>
          <Routes status={status} onRoute={(route) => showRequests({ route })} />
          <Process status={status} />
        </div>
        <Jobs active={active} />
        <People />
        <RequestLog active={active} filter={filter} onFilter={setFilter} log={status?.requestLog} />
        <Reports active={active} />
      </main>
    </>
  )
}
