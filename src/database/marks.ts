// What a database says about its collections, compared with what the program declares, before anything is changed.
import type { CollectionLayout } from './layout.ts'
import type { Mark } from './ports.ts'

/** Throws, and says what to do, when the stored documents may be of a shape that this program does not know. */
export function refuseUnknown(marks: readonly Mark[], layouts: readonly CollectionLayout[]): void {
  for (const { name, shape } of layouts) {
    const mark = marks.find((candidate) => candidate.name === name)
    if (mark === undefined || mark.target <= shape) continue
    if (mark.shape > shape) {
      throw new Error(
        `Collection ${name} has shape ${mark.shape} in the database, and this program knows shapes up to ${shape}: a newer version has written it. ` +
          'Start that version again, or restore a backup from before the upgrade. Nothing was changed.',
      )
    }
    throw new Error(
      `Collection ${name} is half migrated: a newer version has begun to bring it from shape ${mark.shape} to ${mark.target}, and this program knows ` +
        `shapes up to ${shape}. Let that version finish ("ninefold migrate"), or restore a backup from before the upgrade. Nothing was changed.`,
    )
  }
}
