// Owns the precompiled LibTorch headers that the layers share.
