# common/proto/frame.c
s/body_len > RK_FRAME_BODY_MAX/body_len > 60000/
