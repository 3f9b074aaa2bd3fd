import type { Command } from 'commander'
import { addAdapterCommands } from './commands/adapters.ts'
import { addBackupCommands } from './commands/backups.ts'
import { addCaptionCommands } from './commands/caption.ts'
import { addCopyCommands } from './commands/copies.ts'
import { addDoctorCommand } from './commands/doctor.ts'
import { addEditingCommands } from './commands/editing.ts'
import { addExchangeCommands } from './commands/exchange.ts'
import { addFolderCommands } from './commands/folders.ts'
import { addMarkCommands } from './commands/marks.ts'
import { addModelCommands } from './commands/models.ts'
import { addOfferCommands } from './commands/offers.ts'
import { addPhotoCommands } from './commands/photos.ts'
import { addFacetsCommand, addSearchCommand } from './commands/search.ts'
import { addServeCommand } from './commands/serve.ts'
import { addTeachingCommands } from './commands/teaching.ts'
import { addTimelineCommand } from './commands/timeline.ts'
import { addWishCommands } from './commands/wishes.ts'
import { addWorkerCommand } from './commands/worker.ts'

/** All that `lenslore` can be asked, in the order of its help. @param finish takes the exit status */
export function addAllCommands(program: Command, finish: (code: number) => void): void {
  addFolderCommands(program, finish)
  addServeCommand(program)
  addSearchCommand(program)
  addTimelineCommand(program)
  addFacetsCommand(program)
  addCopyCommands(program)
  addPhotoCommands(program)
  addEditingCommands(program)
  addMarkCommands(program)
  addCaptionCommands(program, finish)
  addExchangeCommands(program, finish)
  addBackupCommands(program)
  addModelCommands(program)
  addTeachingCommands(program)
  addOfferCommands(program)
  addAdapterCommands(program)
  addWishCommands(program)
  addWorkerCommand(program)
  addDoctorCommand(program, finish)
}
