throw new Error('react-native-webrtc is not part of Tributary: only the Node build of @libp2p/webrtc is used')
