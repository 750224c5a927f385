# common/image/image.c
s/img->size_bytes < off + MODULE_INFO_LEN/img->size_bytes < off/
