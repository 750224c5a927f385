# common/proto/message.c
s/len + !first + in->len > RK_NAME_MAX/in->len > 4 * RK_NAME_MAX/
