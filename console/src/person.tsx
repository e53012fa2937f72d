// Who was found, and what there is to know of one of them.
import { useEffect, useRef } from 'react'
import type { Account, Person } from './api.ts'
import { moment, named } from './format.ts'
import type { FoundList } from './lookup.ts'

function standing({ blockedAt, deletion, confirmedAt }: Account): string {
  const words = [
    ...(blockedAt === undefined ? [] : ['blocked']),
    ...(deletion === undefined ? [] : [deletion.begun ? 'being deleted' : `to be deleted ${moment(deletion.at)}`]),
    ...(confirmedAt === undefined ? ['not confirmed'] : []),
  ]
  return words.length === 0 ? 'open' : words.join(', ')
}

interface FoundProps {
  readonly list: FoundList
  readonly onChoose: (email: string) => void
  readonly onMore: () => void
}

export function Found({ list, onChoose, onMore }: FoundProps): React.JSX.Element {
  const { items, from, next } = list
  const newest = useRef<HTMLButtonElement>(null)
  // The button that was pressed may be gone, and who has only a keyboard reads on where the new ones begin.
  useEffect(() => {
    if (list.from > 0) newest.current?.focus()
  }, [list])
  const place = Math.min(from, items.length - 1)
  return (
    <>
      <table className='log' aria-label='Found'>
        <thead>
          <tr>
            <th scope='col'>Address</th>
            <th scope='col'>Name</th>
            <th scope='col'>Since</th>
            <th scope='col'>Standing</th>
          </tr>
        </thead>
        <tbody>
          {items.map((account, index) => (
            <tr key={account.accountId}>
              <th scope='row'>
                <button ref={index === place ? newest : null} type='button' className='link' onClick={() => onChoose(account.email)}>
                  {account.email}
                </button>
              </th>
              <td data-name='Name'>{account.name}</td>
              <td data-name='Since'>{moment(account.createdAt)}</td>
              <td data-name='Standing'>{standing(account)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {next === undefined ? null : (
        <p className='more'>
          <button type='button' className='quiet' onClick={onMore}>
            More
          </button>
        </p>
      )}
    </>
  )
}

const listed = (words: readonly string[]): string => (words.length === 0 ? 'none' : words.join(', '))

function facts(person: Person): readonly (readonly [string, string])[] {
  const { deletion } = person
  const ways = [
    ...(person.hasPassword ? ['password'] : []),
    ...(person.passkeys > 0 ? [`passkeys: ${person.passkeys}`] : []),
    ...person.identities.map(({ issuer, label }) => (label === undefined ? issuer : `${issuer} (${label})`)),
  ]
  const second = [
    ...(person.authenticatorApp ? ['authenticator app'] : []),
    ...(person.recoveryCodes > 0 ? [`recovery codes left: ${person.recoveryCodes}`] : []),
  ]
  return [
    ['Id', person.accountId],
    ['Name', person.name],
    ['Since', moment(person.createdAt)],
    ['Standing', standing(person)],
    ...(deletion === undefined ? [] : [['End asked for by', deletion.byOperator ? 'an operator' : 'whoever was signed in'] as const]),
    ['Roles', listed(person.roles)],
    ['Groups', listed(person.groups)],
    ...(person.onlyOwnerOf.length === 0 ? [] : [['Only owner of', listed(person.onlyOwnerOf.map(named))] as const]),
    ['Signs in with', listed(ways)],
    ['Second step', listed(second)],
    ['Sessions', listed(person.sessions.map(({ device, lastUsedAt }) => `${device}, last used ${moment(lastUsedAt)}`))],
    ['Apps', listed(person.apps.map(({ name }) => name))],
  ]
}

export function Facts({ person }: { readonly person: Person }): React.JSX.Element {
  return (
    <div className='person'>
      <h3>{person.email}</h3>
      <dl className='facts'>
        {facts(person).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <table className='log' aria-label='What happened'>
        <thead>
          <tr>
            <th scope='col'>Time</th>
            <th scope='col'>What happened</th>
            <th scope='col'>About</th>
            <th scope='col'>By</th>
          </tr>
        </thead>
        <tbody>
          {person.events.map((event) => (
            <tr key={event.id}>
              <td data-name='Time'>{moment(event.at)}</td>
              <th scope='row' className='mono'>
                {event.type}
              </th>
              <td data-name='About'>{event.about}</td>
              <td data-name='By'>{event.actor ?? event.device}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
