/* The least that a credential helper can do: what git says goes to a socket, what comes back goes to git. Nothing is
 * checked and nothing started; linked statically it shows what a process and one exchange cost on this machine. */
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int main(int count, char **words) {
    char text[4096];
    size_t length = 0;
    ssize_t got;
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    int to;

    /* Git appends what it wants, as of any helper. */
    if (count < 3) return 2;
    if (strcmp(words[2], "get")) return 0;
    while (length < sizeof text && (got = read(0, text + length, sizeof text - length)) > 0) length += got;
    strncpy(name.sun_path, words[1], sizeof name.sun_path - 1);
    if ((to = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) < 0) return 3;
    if (connect(to, (struct sockaddr *)&name, sizeof name) < 0) return 4;
    if (write(to, text, length) != (ssize_t)length) return 5;
    if ((got = read(to, text, sizeof text)) <= 0) return 6;
    if (write(1, text, got) != got) return 7;
    _exit(0);
}
