import { createStackFinder } from '../../../src-main/library/copies/find-stacks.ts'
import { databaseFileIn, openStore } from '../../../src-main/library/store/store.ts'

// A process that looks for the copies in the library of the directory it is given, and tells of every slice: to be killed while it does.

const store = openStore(databaseFileIn(process.argv[2]!))
const finder = createStackFinder(store.database, store.stacks)
await finder.keepUp({ space: 'space', onStacked: () => process.send!(finder.waiting()) })
