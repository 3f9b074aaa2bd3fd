import { ownThread } from '../../channels/message-port.ts'
import { serve } from '../../contract/rpc.ts'
import { placesCalls } from './find-places.ts'
import { openGazetteer } from './gazetteer.ts'

// The thread that `find-places.ts` starts: its gazetteer is in memory for as long as there are photos to find places for.

const gazetteer = openGazetteer()

serve(ownThread().channel, placesCalls, {
  find: (positions) =>
    Array.from({ length: positions.length / 2 }, (_, at) =>
      gazetteer.find(positions[2 * at]!, positions[2 * at + 1]!),
    ),
  namesOf: (keys) => keys.map(gazetteer.namesOf),
})
