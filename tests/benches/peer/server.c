/* The least that a credential agent can do: each time that a question has come, ended by a new line, the same answer.
 * One thread, epoll, no storage, no rights. */
#define _GNU_SOURCE
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int main(int count, char **words) {
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    struct epoll_event event = {.events = EPOLLIN}, ready[64];
    int listener, poll, number;
    size_t length;

    if (count < 3) return 2;
    length = strlen(words[2]);
    strncpy(name.sun_path, words[1], sizeof name.sun_path - 1);
    listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (bind(listener, (struct sockaddr *)&name, sizeof name) || listen(listener, 1024)) return 3;
    poll = epoll_create1(EPOLL_CLOEXEC);
    event.data.fd = listener;
    epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
    while ((number = epoll_wait(poll, ready, 64, -1)) >= 0) {
        for (int at = 0; at < number; at++) {
            char text[4096];
            int from = ready[at].data.fd;
            if (from == listener) {
                int come = accept4(listener, 0, 0, SOCK_CLOEXEC | SOCK_NONBLOCK);
                event.data.fd = come;
                if (come >= 0) epoll_ctl(poll, EPOLL_CTL_ADD, come, &event);
                continue;
            }
            ssize_t got = read(from, text, sizeof text);
            if (got <= 0) close(from);
            else if (text[got - 1] == '\n' && write(from, words[2], length) != (ssize_t)length) close(from);
        }
    }
    return 1;
}
