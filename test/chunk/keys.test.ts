import test from 'ava'
import { sign, verify } from 'node:crypto'
import { generateChannelKey, importPublicKey, importSecret, keyPairOf } from '../../relay/chunk/keys.ts'

test('a generated pair belongs together, raw and as KeyObjects', (t) => {
  const pair = generateChannelKey()
  t.is(pair.publicKey.length, 32)
  t.is(pair.secret.length, 32)
  const text = Buffer.from('hello')
  t.true(verify(null, text, importPublicKey(pair.publicKey), sign(null, text, importSecret(pair.secret))))
})

test('the public key follows from the seed: RFC 8032, section 7.1, test 1', (t) => {
  const seed = Buffer.from('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60', 'hex')
  const expected = 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a'
  t.is(Buffer.from(keyPairOf(seed).publicKey).toString('hex'), expected)
})

test('a key of another length is refused', (t) => {
  t.throws(() => importPublicKey(new Uint8Array(31)), { instanceOf: RangeError })
  t.throws(() => importSecret(new Uint8Array(33)), { instanceOf: RangeError })
})
