import { createReconciler } from '../../../src-main/library/folders/reconcile.ts'
import { databaseFileIn, openStore } from '../../../src-main/library/store/store.ts'

// A process that scans the library in the directory it is given, again and again, to be killed while it does.

const store = openStore(databaseFileIn(process.argv[2]!))
const reconciler = createReconciler(store.database)
process.send!('ready')
for (;;) {
  await reconciler.scan(undefined, { onPhotosChanged: () => process.send!('changed') })
  process.send!('scanned')
}
